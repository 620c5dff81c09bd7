# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""Whose domain it is, inside the lab, with an emulator that has no guest: other domains stay, and those of earlier builds are taken over."""

import base64
import json
import os
import pathlib
import re
import sqlite3
import subprocess

from cri_api.v1 import api_pb2 as cri

import lab
from lab import machine, main, on_node, pod, same, until, virsh
from scale import prepared

UUID = "6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6e"
GOLDEN = lab.ROOT / "Tests" / "PodRuntimeTests" / "Golden" / "pods-schema-1-db71ff4.sql"
FOREIGN = """<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>64</memory>{metadata}
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices><serial type='pty'/></devices></domain>"""


def define(name, uuid, metadata=""):
    file = lab.WORK / "foreign.xml"
    file.write_text(FOREIGN.format(name=name, uuid=uuid, metadata=metadata))
    virsh("define", str(file))


def state(name):
    return virsh("domstate", name).strip()


def began(node, name, **annotations):
    config = pod(name, annotations=annotations)
    sandbox = node.run(config)
    container = node.create(sandbox, config, machine())
    node.begin(container)
    assert node.status(container).state == cri.CONTAINER_RUNNING
    return sandbox, container


def arguments(name):
    process = int(pathlib.Path(f"/run/libvirt/qemu/{name}.pid").read_text())
    return pathlib.Path(f"/proc/{process}/cmdline").read_bytes().decode().split("\0")


def identity(node):
    """Pods that name another VM's UUID run beside it; and what is not ours, or only looks so, is never touched."""
    before = prepared(node)
    define("foreign", UUID)
    virsh("start", "foreign")
    foreign = arguments("foreign")
    first = began(node, "first0", VirtletSystemUUID=UUID.upper())
    second = began(node, "second0", VirtletSystemUUID=UUID)
    for _, container in (first, second):
        command = arguments(lab.domain(container))
        seen = [value for name, value in zip(command, command[1:]) if name in ("-uuid", "-smbios")]
        assert len(seen) == 2 and seen[0] != UUID and seen[1] == f"type=1,uuid={UUID}", seen
    # As virt-clone leaves it: our mark, but the name of the domain that it was copied from.
    mark = re.search(r"<metadata>.*</metadata>", virsh("dumpxml", lab.domain(first[1])), re.DOTALL).group(0)
    define("copy", "00000000-0000-4000-8000-000000000001", mark)
    virsh("start", "copy")
    # Somebody else's domain has taken the name of one of ours.
    config = pod("squatted")
    sandbox = node.run(config)
    squatted = node.create(sandbox, config, machine())
    virsh("undefine", lab.domain(squatted))
    define(lab.domain(squatted), "00000000-0000-4000-8000-000000000002")
    virsh("start", lab.domain(squatted))

    node.kill()
    node.start()
    assert node.status(first[1]).state == node.status(second[1]).state == cri.CONTAINER_RUNNING
    node.stop(first[1], 0)
    node.remove_pod(first[0])
    assert state(lab.domain(second[1])) == "running"
    node.remove_pod(second[0])
    node.remove_pod(sandbox)
    for name in ("foreign", "copy", lab.domain(squatted)):
        assert state(name) == "running", name
    assert arguments("foreign") == foreign
    for name in ("foreign", "copy", lab.domain(squatted)):
        virsh("destroy", name)
        virsh("undefine", name)
    same(before, on_node())


def golden(table):
    """The row of a pod that runs, as the build wrote it."""
    with sqlite3.connect(":memory:") as database:
        database.executescript(GOLDEN.read_text())
        records = [json.loads(row) for (row,) in database.execute(f"SELECT record FROM {table}")]
    return next(record for record in records if record["phase"] in ("ready", "running"))


def as_it_was(record, table):
    """A row of today in the form of that build."""
    wanted = golden(table)
    record = {key: value for key, value in record.items() if key in wanted}
    for part in ("configuration", "shape"):
        if part in wanted:
            record[part] = {key: value for key, value in record[part].items() if key in wanted[part] or key == "rootSize"}
    missing = wanted.keys() - record.keys() - {"earlierMemoryKills", "result"}
    assert not missing, f"{table}: no {missing}"
    for variable in record["configuration"].get("environment", []):
        variable["value"] = list(base64.b64decode(variable["value"]))
    return record


def downgraded(container):
    """Leaves a VM that runs as the build of commit db71ff4 left it: the domain has the pod's UUID, the rows are that build's."""
    name = lab.domain(container)
    groups = [path for path in lab.CGROUPS.glob(f"*/{lab.GROUP}/*/{name}/cgroup.procs")]
    text = virsh("dumpxml", "--inactive", name)
    text = re.sub(r"<uuid>.*?</uuid>", f"<uuid>{UUID}</uuid>", text)
    text, found = re.subn(r"<qemu:commandline>\s*<qemu:arg value='-smbios'/>.*?</qemu:commandline>", "", text, flags=re.DOTALL)
    assert found == 1, text
    virsh("destroy", name)
    virsh("undefine", name)
    file = lab.WORK / "older.xml"
    file.write_text(text)
    virsh("define", str(file))
    virsh("start", name)
    for group in groups:
        group.write_text(pathlib.Path(f"/run/libvirt/qemu/{name}.pid").read_text().strip())
    with sqlite3.connect(lab.WORK / "state" / "pods.sqlite") as database:
        for table in ("sandbox", "container"):
            for identifier, row in database.execute(f"SELECT id, record FROM {table}").fetchall():
                record = as_it_was(json.loads(row), table)
                if table == "container":
                    record["uuid"] = UUID
                database.execute(f"UPDATE {table} SET record = ? WHERE id = ?", [json.dumps(record).encode(), identifier])
        database.execute("DELETE FROM grdb_migrations WHERE identifier != '1'")
    database.close()


def taken_over(node):
    """A VM that an earlier build started, under the pod's UUID, runs on under this one, ends and leaves nothing.

    With CONTRAIL_VM_OLDER, the path of that build's program, it is that which makes the pod."""
    before = prepared(node)
    older = os.environ.get("CONTRAIL_VM_OLDER")
    newer = node.program
    if older:
        node.kill()
        for file in (lab.WORK / "state").glob("pods.sqlite*"):
            file.unlink()
        node.program = older
        node.start()
        # It may not know the form in which the image was noted.
        node.pull()
    config = pod("older", annotations={"VirtletSystemUUID": UUID})
    sandbox = node.run(config)
    wanted = machine()
    wanted.envs.add(key="KEY", value="value")
    container = node.create(sandbox, config, wanted)
    node.begin(container)
    node.kill()
    if not older:
        downgraded(container)
    name = lab.domain(container)
    assert virsh("domuuid", name).strip() == UUID
    process = lab.process(container)

    node.program = newer
    node.start()
    assert node.status(container).state == cri.CONTAINER_RUNNING
    assert lab.process(container) == process and state(name) == "running"
    assert (lab.WORK / "state" / "pods.sqlite.schema-1").exists()
    # A new pod with the same UUID does not hit it.
    other, second = began(node, "newer", VirtletSystemUUID=UUID)
    node.stop(second, 0)
    node.remove_pod(other)
    assert lab.process(container) == process and state(name) == "running"
    # It is seen to end, and started anew in another attempt.
    os.kill(process, 9)
    assert until(lambda: node.status(container).state == cri.CONTAINER_EXITED, 20, "an end")
    third = node.create(sandbox, config, machine(attempt=1))
    node.begin(third)
    assert node.status(third).state == cri.CONTAINER_RUNNING
    node.remove_pod(sandbox)
    assert name not in virsh("list", "--all", "--name")
    (lab.WORK / "state" / "pods.sqlite.schema-1").unlink()
    same(before, on_node())


def rolled_back(node):
    """The copy that an upgrade leaves serves the build before it: the command that is printed restores it."""
    prepared(node)
    sandbox, container = began(node, "kept", VirtletSystemUUID=UUID)
    node.kill()
    downgraded(container)
    # It listens before it has read its database.
    node.start()
    assert node.status(container).state == cri.CONTAINER_RUNNING
    node.kill()
    with sqlite3.connect(lab.WORK / "state" / "pods.sqlite") as database:
        database.execute("INSERT INTO grdb_migrations VALUES ('99')")
    database.close()
    process = node.spawn()
    assert process.wait(20) != 0
    command = node.text().splitlines()[-1].split(" Run: ")[-1]
    assert command.startswith("cd ") and state(lab.domain(container)) == "running", node.text()[-3000:]
    subprocess.run(["sh", "-ec", command], check=True)
    node.start()
    assert node.status(container).state == cri.CONTAINER_RUNNING
    node.remove_pod(sandbox)


if __name__ == "__main__":
    main(identity, taken_over, rolled_back)
