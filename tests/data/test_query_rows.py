"""Queries only read: DuckDB in a file, and a real PostgreSQL server where one is installed."""

import os
import shutil
import socket
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ctevidence.data.origin import Origin
from ctevidence.data.problems import DataProblems
from ctevidence.data.query_rows import read_query

duckdb = pytest.importorskip("duckdb")
psycopg = pytest.importorskip("psycopg")

TABLE = [
    ("007", 0.1, Decimal("5.00"), date(2024, 3, 29), True, 12345678901234567),
    ("8", None, None, None, False, -1),
]
CREATE = (
    "create table t (id text, x double precision, y numeric(10,2), d date, f boolean, n bigint)"
)
CELLS = [
    ["007", "0.1", "5.00", "2024-03-29", "TRUE", "12345678901234567"],
    ["8", "", "", "", "FALSE", "-1"],
]


@pytest.fixture
def duck(tmp_path):
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute(CREATE.replace("double precision", "double"))
        connection.executemany("insert into t values (?, ?, ?, ?, ?, ?)", TABLE)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    return tmp_path


def refused(origin, folder):
    with pytest.raises(DataProblems) as caught:
        read_query(origin, folder)
    return caught.value.problems[0]


def test_rows_of_duckdb(duck):
    raw = read_query(Origin("a.duckdb", query="select * from t order by id;"), duck)
    assert list(raw.frame) == ["id", "x", "y", "d", "f", "n"]
    assert raw.frame.to_numpy().tolist() == CELLS
    assert raw.frame.index.tolist() == [1, 2]


@pytest.mark.parametrize(
    "query",
    [
        "delete from t where id in (select id from t order by id)",
        "copy (select * from t order by id) to '{folder}/stolen.csv'",
        "select * from '{folder}/secret.csv' order by 1",
        "attach '{folder}/b.duckdb'; select 1 order by 1",
        "select * from t order by id; drop table t",
        "set enable_external_access = true; select 1 order by 1",
        "install httpfs; select 1 order by 1",
        "select * from nowhere order by 1",
        "not sql order by",
    ],
)
def test_duckdb_only_reads_its_own_tables(query, duck):
    before = (duck / "a.duckdb").read_bytes()
    found = refused(Origin("a.duckdb", query=query.format(folder=duck)), duck)
    assert found.column == "query"
    assert sorted(p.name for p in duck.iterdir()) == ["a.duckdb", "secret.csv"]
    assert (duck / "a.duckdb").read_bytes() == before


def test_what_is_not_a_database(duck):
    (duck / "b.duckdb").write_bytes(b"not a database" * 1000)
    query = "select 1 order by 1"
    assert "DuckDB refuses" in refused(Origin("b.duckdb", query=query), duck).why
    assert "missing" in refused(Origin("c.duckdb", query=query), duck).why
    assert "leads out" in refused(Origin("../a.duckdb", query=query), duck / "x").why


# -- PostgreSQL -----------------------------------------------------------------------------------

SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def run(command):
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server of its own, on a free port of this machine; it ends with the tests."""
    if not SERVERS:
        pytest.skip("PostgreSQL is not installed")
    home = Path("/tmp") / f"ctevidence-postgres-{os.getpid()}"
    home.mkdir(mode=0o700)
    as_owner = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(home, "postgres")
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    control = [*as_owner, str(SERVERS[-1] / "pg_ctl"), "-D", f"{home}/data", "-w", "-s"]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home}"
    try:
        run([*control, "-o", "-A trust -U owner -E utf8", "initdb"])
        run([*control, "-o", options, "-l", f"{home}/log", "start"])
        try:
            where = f"postgresql://owner:s3cret-w0rd@127.0.0.1:{port}/postgres"
            with psycopg.connect(where) as connection:
                connection.execute(CREATE)
                with connection.cursor() as cursor:
                    cursor.executemany("insert into t values (%s, %s, %s, %s, %s, %s)", TABLE)
            yield where
        finally:
            run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_rows_of_postgresql(server, monkeypatch, tmp_path):
    monkeypatch.setenv("CLINIC_DATABASE", server)
    origin = Origin("CLINIC_DATABASE", query="select * from t order by id;\n")
    raw = read_query(origin, tmp_path)
    assert list(raw.frame) == ["id", "x", "y", "d", "f", "n"]
    assert raw.frame.to_numpy().tolist() == CELLS
    percent = Origin("CLINIC_DATABASE", query="select id from t where id like '0%' order by id")
    assert read_query(percent, tmp_path).frame["id"].tolist() == ["007"]


@pytest.mark.parametrize(
    "query",
    [
        "delete from t returning id -- order by",
        "select * from t order by id; drop table t",
        "select 1 order by 1; commit; drop table t",
        "with gone as (delete from t returning *) select * from gone order by id",
        "set transaction read write; delete from t -- order by",
        "select nextval('s') order by 1",
        "select * from nowhere order by 1",
    ],
)
def test_postgresql_only_reads(query, server, monkeypatch, tmp_path):
    monkeypatch.setenv("CLINIC_DATABASE", server)
    found = refused(Origin("CLINIC_DATABASE", query=query), tmp_path)
    assert "PostgreSQL refuses" in found.why
    with psycopg.connect(server) as connection:
        assert connection.execute("select count(*) from t").fetchone() == (2,)


def test_no_word_of_the_connection_is_repeated(server, monkeypatch, tmp_path):
    for wrong in (
        server.replace("/postgres", "/no-s3cret-w0rd-here"),
        "postgresql://owner:s3cret-w0rd@127.0.0.1:1/nowhere",
        "host=127.0.0.1 port=1 password=s3cret-w0rd",
        "postgresql://owner:s3cret-w0rd@[bad/x",
    ):
        monkeypatch.setenv("CLINIC_DATABASE", wrong)
        found = refused(Origin("CLINIC_DATABASE", query="select 1 order by 1"), tmp_path)
        assert "s3cret-w0rd" not in f"{found.why} {found.do} {found.value}"
