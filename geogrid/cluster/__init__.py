"""Work that is larger than a machine: a partitioned set, piece by piece, on many workers, exactly once."""

from geogrid.cluster.assigning import AssignJob, PlaceJob
from geogrid.cluster.crews import LOCAL, PROCESSES, Crew, crew_of
from geogrid.cluster.dividing import DivideJob
from geogrid.cluster.job import Job, Report, run_job
from geogrid.cluster.parting import PartJob

__all__ = [
    "LOCAL",
    "PROCESSES",
    "AssignJob",
    "Crew",
    "DivideJob",
    "Job",
    "PartJob",
    "PlaceJob",
    "Report",
    "crew_of",
    "run_job",
]
