"""Sources: folders, archives and single files in a stable order, nothing from outside them; git without surprises."""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from rulescope import sources
from rulescope.errors import SourceError
from rulescope.model import Failure, RuleFile
from rulescope.sources import Source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "mine"
    (root / "b").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("x")
    (root / "b" / "two.kql").write_text("T | take 2")
    (root / "one.kql").write_text("T | take 1")
    return root


def test_a_folder_gives_its_files_in_order(folder: Path) -> None:
    files = list(sources.read(folder))
    assert [file.path for file in files] == ["one.kql", "b/two.kql"]
    assert {file.source for file in files} == {"mine"}


def test_a_link_that_leads_outside_is_a_failure(folder: Path) -> None:
    (folder / "passwd").symlink_to("/etc/hostname")
    found = {file.path: file for file in sources.read(folder)}
    assert isinstance(found["passwd"], Failure)


def test_a_large_file_is_a_failure(folder: Path) -> None:
    (folder / "huge.txt").write_bytes(b"x" * (sources.MOST_BYTES + 1))
    found = {file.path: file for file in sources.read(folder)}
    assert isinstance(found["huge.txt"], Failure)


def test_archives_give_the_same_as_their_folder(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "mine.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.write(folder / "one.kql", "mine-1.0/one.kql")
        made.write(folder / "b" / "two.kql", "mine-1.0/b/two.kql")
    ball = tmp_path / "mine.tar.gz"
    with tarfile.open(ball, "w:gz") as made_tar:
        made_tar.add(folder / "one.kql", "mine-1.0/one.kql")
        made_tar.add(folder / "b" / "two.kql", "mine-1.0/b/two.kql")
    own = {(file.path, file.data) for file in sources.read(folder) if isinstance(file, RuleFile)}
    for place in (archive, ball):
        assert {(file.path, file.data) for file in sources.read(place) if isinstance(file, RuleFile)} == own


def test_an_unsafe_archive_path_is_a_failure(tmp_path: Path) -> None:
    ball = tmp_path / "evil.tar"
    with tarfile.open(ball, "w") as made:
        entry = tarfile.TarInfo("../../evil.kql")
        entry.size = 1
        made.addfile(entry, io.BytesIO(b"T"))
    (found,) = sources.read(ball)
    assert isinstance(found, Failure)


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        list(sources.read(tmp_path / "nothing"))


def test_every_known_source_says_its_licence_and_where_it_lives() -> None:
    for source in sources.known().values():
        assert source.licence
        assert source.repository.startswith("https://")
        assert source.url("a b.yml", "abc").endswith("/abc/a%20b.yml")


def test_git_brings_one_commit_and_runs_nothing(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    run = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(origin)]
    subprocess.run([*run, "init", "-q", "-b", "main"], check=True)
    (origin / "one.kql").write_text("T | take 1")
    subprocess.run([*run, "add", "."], check=True)
    subprocess.run([*run, "commit", "-qm", "first"], check=True)
    source = Source("mine", repository=f"file://{origin}", branch="main")
    commit = sources.sync(source, tmp_path / "copy")
    assert len(commit) == 40
    assert [file.path for file in sources.read(tmp_path / "copy", source, commit)] == ["one.kql"]


@pytest.mark.parametrize("address", ["", "--upload-pack=touch x", "ext::sh -c id", "http://plain.example/x"])
def test_git_refuses_odd_addresses(address: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        sources.sync(Source("mine", repository=address), tmp_path / "copy")


def test_a_work_tree_named_after_a_known_source_is_that_source(tmp_path: Path) -> None:
    (tmp_path / "sigma" / ".git").mkdir(parents=True)
    (tmp_path / "sigma" / "rules").mkdir()
    assert sources.source_of(tmp_path / "sigma" / "rules").licence == "DRL-1.1"
    assert sources.source_of(tmp_path).licence == ""
