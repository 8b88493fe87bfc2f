"""The shapes of the planner's questions and answers."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - read at run time by msgspec
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from api.asked import LARGEST

Text = Annotated[str, Meta(max_length=2000)]
Name = Annotated[str, Meta(max_length=64)]
Number = Annotated[int, Meta(ge=0, le=LARGEST)]
Revision = Annotated[
    int, Meta(ge=1, le=LARGEST, description="The draft's revision that this was decided on.")
]
Sight = Literal["view", "comment", "edit", "approve", "publish", "manage"]
Job = Literal["viewer", "planner", "approver", "publisher", "operator"]


class SignIn(Struct, forbid_unknown_fields=True):
    """A name and a password."""

    name: Name
    password: Annotated[str, Meta(max_length=512)]


class SessionAnswer(Struct):
    """Who is signed in; ``csrf`` goes into the header X-CSRF-Token of every write.

    ``provisional``: the password was set by somebody else; until it is changed there are no rights.
    """

    name: str
    display: str
    roles: list[str]
    rights: list[str]
    subdistricts: list[str]
    csrf: str = ""
    provisional: bool = False


class NewPassword(Struct, forbid_unknown_fields=True):
    """The present password and the one to have from now on."""

    old: Annotated[str, Meta(max_length=512)]
    new: Annotated[str, Meta(max_length=512)]


class SessionEnd(Struct, forbid_unknown_fields=True):
    """Which of one's sessions to end (all others where none is named); the password shows who asks.

    Without a password it is done within five minutes of the sign-in.
    """

    session: Annotated[str, Meta(max_length=64)] = ""
    password: Annotated[str, Meta(max_length=512)] = ""


class Pending(Struct, frozen=True, forbid_unknown_fields=True):
    """A sign-in that is under way: what must come back with the answer, kept in the browser's cookie."""

    state: str
    nonce: str
    verifier: str


class NewDraft(Struct, forbid_unknown_fields=True):
    """A draft to begin: of which community, compared with which version (the one in force).

    ``start`` says what it begins with, where that is another plan: ``version-N``, ``draft-N``, or ``empty``.
    """

    community: str
    title: Text
    base: Number | None = None
    start: Annotated[str, Meta(pattern=r"^((version|draft)-[1-9][0-9]{0,8}|empty)?$")] = ""
    policy: dict[str, Any] | None = None


class NewStep(Struct, forbid_unknown_fields=True):
    """An operation to do; its kinds and fields are listed in docs/planning-api.md."""

    revision: Revision
    operation: dict[str, Any]


class Seen(Struct, forbid_unknown_fields=True):
    """The revision that was seen; ``force`` lets undo and jumps break locks."""

    revision: Revision
    force: bool = False
    step: Number | None = None


class Judged(Struct, forbid_unknown_fields=True):
    """A decision about a draft, with its reason."""

    revision: Revision
    decision: Annotated[str, Meta(max_length=400)] = ""


class Retitled(Struct, forbid_unknown_fields=True):
    """Another title."""

    revision: Revision
    title: Text


class Asked(Struct, forbid_unknown_fields=True):
    """An operation to look at before it is done."""

    operation: dict[str, Any]


class PartsAsked(Struct, forbid_unknown_fields=True):
    """How to part a grid: into ``count`` by the solver, or along a line of [lon, lat]."""

    grid: Number
    count: Annotated[int, Meta(ge=2, le=20)] | None = None
    line: Annotated[list[tuple[float, float]], Meta(min_length=2, max_length=500)] | None = None


class ProposalAsked(Struct, forbid_unknown_fields=True):
    """What the solver shall do: for which grids (all), under which policy (the draft's), for how long."""

    grids: Annotated[list[Number], Meta(max_length=200)] = []
    policy: dict[str, Any] | None = None
    seconds: Annotated[float, Meta(gt=0, le=120)] = 20.0
    alternatives: Annotated[int, Meta(ge=1, le=5)] = 1
    share: Annotated[float, Meta(gt=0, le=0.9)] = 0.1


class WhyAsked(Struct, forbid_unknown_fields=True):
    """A unit that should lie in a grid."""

    unit: str
    grid: Number


class NewComment(Struct, forbid_unknown_fields=True):
    """Something to say about a draft, a grid or a unit."""

    text: Text
    subject: Literal["draft", "grid", "unit"] = "draft"
    subject_id: Annotated[str, Meta(max_length=200)] = ""


class CommentState(Struct, forbid_unknown_fields=True):
    """Whether a comment is settled."""

    resolved: bool


class NewShare(Struct, forbid_unknown_fields=True):
    """How many days a link shall last."""

    days: Annotated[float, Meta(gt=0, le=90)] = 7.0


class NewRelease(Struct, forbid_unknown_fields=True):
    """Approved drafts to publish together, from a day on (Asia/Shanghai)."""

    drafts: Annotated[list[Number], Meta(min_length=1, max_length=500)]
    effective_from: date
    note: Text = ""


class RollBack(Struct, forbid_unknown_fields=True):
    """An older version to publish anew, from a day on."""

    version: Number
    effective_from: date
    note: Text = ""


class NewAccount(Struct, forbid_unknown_fields=True):
    """An account to add."""

    name: Name
    roles: list[Job]
    password: Annotated[str, Meta(max_length=512)] | None = None
    display: Annotated[str, Meta(max_length=60)] = ""
    subdistricts: list[str] = []
    subject: Annotated[str, Meta(max_length=255)] | None = None


class AccountChange(Struct, forbid_unknown_fields=True):
    """What to change of an account."""

    roles: list[Job] | UnsetType = UNSET
    subdistricts: list[str] | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    password: Annotated[str, Meta(max_length=512)] | UnsetType = UNSET


class NewToken(Struct, forbid_unknown_fields=True):
    """A token for a program."""

    label: Annotated[str, Meta(max_length=60)]
    scopes: list[Sight]
    days: Annotated[float, Meta(gt=0, le=365)] = 90.0


PLANNING_SHAPES = (
    SignIn, SessionAnswer, NewPassword, SessionEnd, NewDraft, NewStep, Seen, Judged, Retitled, Asked,
    PartsAsked, ProposalAsked,
    WhyAsked, NewComment, CommentState, NewShare, NewRelease, RollBack, NewAccount, AccountChange, NewToken,
)  # fmt: skip
