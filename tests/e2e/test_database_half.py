"""The cmocka tests of batch and registry that need a real PostgreSQL: here they have one."""

import pytest

from house import BUILD, run


@pytest.mark.parametrize("name", ["link_db", "contact_db", "claims_db", "rejections_db", "batch_db", "registry_db", "period_db", "past_db"])
def test_database_half(cluster, template, name):
    database = cluster.create(f"half_{name}", template.name)
    where = {"PGHOST": cluster.socket, "PGUSER": "postgres", "PGDATABASE": database.name}
    done = run(BUILD / "tests" / "unit" / f"test_{name}", env=where)
    assert "SKIPPED" not in done.stdout + done.stderr
    database.drop()
