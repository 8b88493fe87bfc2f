"""Ask a geogrid service from Python: one description of every question, sent by a plain or an async client.

    with Client("https://grids.example.org") as client:
        answer = client.lookup("65 Telok Blangah Drive")
        print(answer.status, answer.grid_code)

A question that found the service busy or the line broken is asked again, as often as ``retries``
says and not before the service's ``Retry-After``. A sent file is not sent again.
"""

from geogrid.client.asking import Answer, Job, Near, Place, Row, ServiceError
from geogrid.client.later import AsyncClient
from geogrid.client.now import Client

__all__ = ["Answer", "AsyncClient", "Client", "Job", "Near", "Place", "Row", "ServiceError"]
