"""Re-divide a community by hand: drafts, operations, checks with mends, comparison."""

from geogrid.workbench.comparing import Comparison, Flow, compare, figures_of
from geogrid.workbench.draft import Bench, Draft, begin
from geogrid.workbench.filing import Entry, Reading, read_entries
from geogrid.workbench.handing_in import by_hand, unfit
from geogrid.workbench.history import History, Step, refuse_broken_locks, replay
from geogrid.workbench.mending import Mend, mends
from geogrid.workbench.notices import Notice, notices
from geogrid.workbench.nudging import Nudge, nudges
from geogrid.workbench.openings import Opening, opened_with
from geogrid.workbench.operations import (
    Adopt,
    Assign,
    Clear,
    Dedicate,
    Lock,
    Merge,
    OpenGrid,
    Operation,
    Release,
    Rename,
    Renumber,
    Retire,
    Split,
    Unlock,
    apply,
)
from geogrid.workbench.parting import connected, parts_by_line, parts_by_solver
from geogrid.workbench.proposing import Proposal, propose, propose_several
from geogrid.workbench.serving import Service, services
from geogrid.workbench.tally import Preview, Row, Tally, preview, tally
from geogrid.workbench.wire import operation_from_json, operation_to_json

__all__ = [
    "Adopt",
    "Assign",
    "Bench",
    "Clear",
    "Comparison",
    "Dedicate",
    "Draft",
    "Entry",
    "Flow",
    "History",
    "Lock",
    "Mend",
    "Merge",
    "Notice",
    "Nudge",
    "OpenGrid",
    "Opening",
    "Operation",
    "Preview",
    "Proposal",
    "Reading",
    "Release",
    "Rename",
    "Renumber",
    "Retire",
    "Row",
    "Service",
    "Split",
    "Step",
    "Tally",
    "Unlock",
    "apply",
    "begin",
    "by_hand",
    "compare",
    "connected",
    "figures_of",
    "mends",
    "notices",
    "nudges",
    "opened_with",
    "operation_from_json",
    "operation_to_json",
    "parts_by_line",
    "parts_by_solver",
    "preview",
    "propose",
    "propose_several",
    "read_entries",
    "refuse_broken_locks",
    "replay",
    "services",
    "tally",
    "unfit",
]
