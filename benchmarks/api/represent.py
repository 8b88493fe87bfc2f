"""A Django site of represent-boundaries alone; it runs with the peers' Python, never with geogrid's."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", __name__)

SECRET_KEY = "a benchmark on loopback"
DEBUG = False
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.gis", "boundaries"]
ROOT_URLCONF = "boundaries.urls"
MIDDLEWARE: list[str] = []
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "NAME": "postgres",
        "HOST": "127.0.0.1",
        "PORT": os.environ.get("PGPORT", ""),
        "USER": os.environ.get("PGUSER", ""),
        "CONN_MAX_AGE": None,
    }
}


def fill() -> None:
    """Make the tables and copy the grids into them."""
    import django

    django.setup()
    from boundaries.models import Boundary, BoundarySet
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0, interactive=False)
    told = {"slug": "grids", "name": "grids", "singular": "grid", "last_updated": "2026-01-01"}
    kept = BoundarySet.objects.create(**told)
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, name, ST_Multi(geom) FROM grids")
        rows = cursor.fetchall()
    Boundary.objects.bulk_create(
        Boundary(
            set=kept, set_name="grids", slug=code, external_id=code, name=name,
            shape=shape, simple_shape=shape, extent=(), metadata={},
        )
        for code, name, shape in rows
    )  # fmt: skip


def application() -> object:
    """Return the site."""
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


if __name__ == "__main__":
    fill()
