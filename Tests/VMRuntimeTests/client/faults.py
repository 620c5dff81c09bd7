# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""vm-runtime broken on purpose, inside the lab: python faults.py NAME. Each check is told by its function's name."""

import errno
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import sys
import time

import grpc
from cri_api.v1 import api_pb2 as cri

import lab
from lab import WORK, Node, machine, on_node, pod, same, until
from pods import swallow

CODE = grpc.StatusCode
HERE = pathlib.Path(__file__).parent
CALLS = [
    "RunPodSandbox", "CreateContainer", "StartContainer", "StopContainer", "RemoveContainer", "StopPodSandbox", "RemovePodSandbox"]


FAULTS = os.environ.get("CONTRAIL_VM_FAULTS", "")
IS_WHOLE = FAULTS == "all"
# The gate's part is another one every day, or that of a number.
DAY = int(FAULTS) if FAULTS.isdigit() else int(time.time()) // 86400

# What a life needs for each of them: no guest is started where none is looked at.
WAYS = {
    "RunPodSandbox": CALLS[:2], "CreateContainer": CALLS[:2], "StartContainer": CALLS[:3], "StopContainer": CALLS[:4],
    "RemoveContainer": CALLS[:5], "StopPodSandbox": [CALLS[0], CALLS[5]], "RemovePodSandbox": [CALLS[0], *CALLS[5:]],
}


class Watch:
    """Looks at a vm-runtime's effects, or strikes at one of them (tracer.py)."""

    def __init__(self, process, plan, name):
        # pylint: disable-next=consider-using-with
        self.tracer = subprocess.Popen(
            [sys.executable, "-B", str(HERE / "tracer.py"), str(process), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.tracer.stdin.write(json.dumps(plan) + "\n")
        self.tracer.stdin.flush()
        assert self.tracer.stdout.readline() == '"ready"\n'

    def end(self):
        """What it told: effects, or that it has struck."""
        self.tracer.stdin.close()
        lines = self.tracer.stdout.read().splitlines()
        assert self.tracer.wait(20) == 0
        return [json.loads(line) for line in lines]


class Life:
    """A pod's life, a call at a time, as kubelet goes about it."""

    def __init__(self, node, name):
        self.node = node
        self.name = name
        self.config = pod(name)
        self.sandbox = self.container = ""
        self.attempt = 0

    def ask(self, call):
        """A call as it is made first, by a client of its own."""
        runtime, sandbox, container = self.node.runtime(), self.sandbox, self.container
        match call:
            case "RunPodSandbox":
                self.sandbox = runtime.RunPodSandbox(cri.RunPodSandboxRequest(config=self.config)).pod_sandbox_id
            case "CreateContainer":
                request = lab.creation(sandbox, self.config, machine(attempt=self.attempt))
                self.container = runtime.CreateContainer(request).container_id
            case "StartContainer":
                runtime.StartContainer(cri.StartContainerRequest(container_id=container))
            case "StopContainer":
                runtime.StopContainer(cri.StopContainerRequest(container_id=container, timeout=0))
            case "RemoveContainer":
                runtime.RemoveContainer(cri.RemoveContainerRequest(container_id=container))
            case "StopPodSandbox":
                runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=sandbox))
            case "RemovePodSandbox":
                runtime.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=sandbox))

    def repeat(self, call):
        """What kubelet does after a call that failed: it looks at what is there, and makes another attempt at what is not."""
        runtime = self.node.cri
        if call == "RunPodSandbox":
            known = runtime.ListPodSandbox(cri.ListPodSandboxRequest()).items
            if ready := [item for item in known if item.state == cri.SANDBOX_READY]:
                self.sandbox = ready[0].id
                return
            for item in known:
                runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=item.id))
            if known:
                self.config.metadata.attempt += 1
        elif call in ("CreateContainer", "StartContainer"):
            known = runtime.ListContainers(cri.ListContainersRequest()).containers
            if any(item.state == cri.CONTAINER_RUNNING for item in known):
                self.container = known[0].id
                return
            # One that was never started is not started later either.
            self.attempt = max((item.metadata.attempt + 1 for item in known), default=0)
            if call == "StartContainer":
                self.ask("CreateContainer")
        self.ask(call)

    def remove(self):
        """What kubelet does in the end: it removes what it is told of."""
        emptied(self.node)


class Broken(Node):
    """A vm-runtime that can be watched from its first system call on."""

    def spawn_stopped(self):
        program, *arguments = self.arguments()
        script = 'kill -STOP $$; exec "$0" "$@"'
        with open(self.log, "a", encoding="utf-8") as log:
            process = subprocess.Popen(["sh", "-c", script, program, *arguments], stderr=log, stdout=log)
        until(lambda: pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", 10, "a stop")
        return process

    def is_listening(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def start(self, *more, environment=None):
        super().start(*more, environment=environment)
        # It listens before it tidies up, and answers behind that.
        self.cri.Version(cri.VersionRequest(), timeout=60)
        return self


class Count:
    """How many points of a kind there are, were met, and left something."""

    def __init__(self, node, name, points, parts):
        self.node = node
        self.name = name
        self.all = len(points)
        self.leaks = []
        self.met = 0
        # A list of nothing, or of less than it was, shows nothing.
        fewest = {line.split(maxsplit=1)[1]: int(line.split()[0]) for line in (HERE / "fault-points").read_text().splitlines()
                  if not line.startswith("#")}
        assert self.all >= fewest[name], f"{name}: {self.all} points, and {fewest[name]} in fault-points: {points}"
        self.points = points if IS_WHOLE else points[DAY % parts::parts]

    def each(self, body):
        """Runs a check for each point; what is told or left is a leak, and counts once."""
        begin = time.monotonic()
        before = on_node()
        for place, point in enumerate(self.points):
            name = f"{self.name.split()[0].lower()}{place}"
            try:
                if body(point, name):
                    self.met += 1
                same(before, settled(before))
            except Exception as error:  # pylint: disable=broad-exception-caught
                words = f"{error.code()}: {error.details()}" if isinstance(error, grpc.RpcError) else repr(error)
                print(f"      {self.name}, {point}: {words}\n{self.node.text()[-1500:]}", flush=True)
                self.leaks.append(point)
                self.rescue()
                before = on_node()
        print(f"vm-runtime {self.name}: {self.met} of {self.all} points in {time.monotonic() - begin:.0f} s, {len(self.leaks)} leaks", flush=True)

    def check(self):
        assert not self.leaks, f"{self.name}: {self.leaks}"
        least = len(self.points) - max(1, len(self.points) // 20)
        assert self.met >= least, f"{self.name}: only {self.met} of {len(self.points)} were met"

    def rescue(self):
        """After a leak: a runtime that answers, without pods."""
        if self.node.process.poll() is not None:
            self.node.start()
        swallow(lambda: emptied(self.node))


def settled(before):
    """What is on the node, once what was killed is gone."""
    for _ in range(20):
        after = on_node()
        if after == before:
            break
        time.sleep(0.1)
    return after


def traced(node, calls=tuple(CALLS)):
    """The effects of each call of a life, those that it has each time, in order."""
    found = []
    for round_ in range(2):
        life = Life(node, f"trace{round_}")
        points = []
        for call in CALLS:
            watch = Watch(node.process.pid, {}, life.name)
            life.ask(call)
            points += [(call, *point) for point in watch.end() if call in calls]
        found.append(points)
    return [point for point in found[1] if point in found[0]]


def networked(kind):
    """Puts the pods on a network of a kind: with the tap in the node's or in the pod's name space."""
    text = (pathlib.Path(os.environ["LAB_LISTS"]) / f"{kind}.conflist").read_text()
    (WORK / "net.d" / "10-pods.conflist").write_text(text)


def killed(node, at, plan, name):
    """A life in which vm-runtime is killed at a point of a call; behind the call where the plan is empty."""
    life = Life(node, name)
    is_met = not plan
    for call in WAYS[at]:
        if call != at:
            life.ask(call)
            continue
        watch = Watch(node.process.pid, plan, name) if plan else None
        swallow(lambda call=call: life.ask(call))
        if watch:
            is_met = "struck" in watch.end()
        node.kill()
        node.start()
        life.repeat(call)
    life.remove()
    return is_met


def killpoints(node):
    """Each effect of a pod's life is killed at once: before it; behind it, where another process does it; and behind each call."""
    counts = []
    for kind in ("direct", "bridged"):
        networked(kind)
        node.start()
        node.pull()
        points = []
        for call, name, number in traced(node):
            points.append((call, {"point": [name, number]}))
            if name == "clone" or name.startswith("libvirt"):
                points.append((call, {"point": [name, number], "after": True}))
        points += [(call, {}) for call in CALLS]
        count = Count(node, f"LIFE {kind} killed", points, 48)
        count.each(lambda point, name: killed(node, *point, name))
        counts.append(count)
        node.kill()
    for count in counts:
        count.check()


def failing(node, at, plan, name):
    """A life in which an effect of a call fails: the call fails in words or succeeds, and kubelet's next one succeeds."""
    life = Life(node, name)
    before = on_node()
    is_met = False
    for call in WAYS[at]:
        if call != at:
            life.ask(call)
            continue
        watch = Watch(node.process.pid, plan, name)
        failure = None
        try:
            life.ask(call)
        except grpc.RpcError as error:
            failure = error
        is_met = "struck" in watch.end()
        assert node.process.poll() is None, "vm-runtime has ended"
        if failure:
            assert failure.code() != CODE.UNKNOWN and len(failure.details().split()) > 3, (failure.code(), failure.details())
            if call == "RunPodSandbox" and "full" not in plan:
                same(before, settled(before))
            life.repeat(call)
    life.remove()
    return is_met


def errorpoints(node):
    """Each effect on files and mounts of a pod's way to running fails: once, and as on a disk that is full from there on."""
    node.start()
    node.pull()
    calls = traced(node, CALLS[:3])
    points = []
    for call, name, number in calls:
        if name.startswith("libvirt"):
            continue
        points.append((call, {"point": [name, number], "error": errno.EIO}))
        if "/sys/" not in name:
            points.append((call, {"point": [name, number], "error": errno.ENOSPC, "full": True}))
    count = Count(node, "LIFE direct failing", points, 36)
    count.each(lambda point, name: failing(node, *point, name))
    count.check()


def messy(node, name):
    """Pods in all states that a kill can leave, and things that nobody knows, while vm-runtime is down."""
    lives = {}
    for state in ("half", "container", "starting", "owed", "lost"):
        life = lives[state] = Life(node, f"{name}{state}")
        life.ask("RunPodSandbox")
        if state in ("container", "starting", "lost"):
            life.ask("CreateContainer")
        if state in ("starting", "lost"):
            life.ask("StartContainer")
    node.kill()
    with sqlite3.connect(WORK / "state" / "pods.sqlite") as database:

        def change(table, identifier, phase):
            row = database.execute(f"SELECT record FROM {table} WHERE id = ?", [identifier]).fetchone()
            record = json.loads(row[0]) | {"phase": phase}
            database.execute(f"UPDATE {table} SET record = ? WHERE id = ?", [json.dumps(record).encode(), identifier])

        change("sandbox", lives["half"].sandbox, "making")
        change("container", lives["container"].container, "making")
        change("container", lives["starting"].container, "starting")
        change("sandbox", lives["owed"].sandbox, "stopped")
        database.execute("DELETE FROM container WHERE id = ?", [lives["lost"].container])
        database.execute("DELETE FROM sandbox WHERE id = ?", [lives["lost"].sandbox])
    database.close()


def started(node, plan):
    """Starts vm-runtime watched from its first call on; tells what the watch told once it serves or has ended."""
    node.process = node.spawn_stopped()
    watch = Watch(node.process.pid, plan, "no-pod")
    end = time.monotonic() + 30
    while node.process.poll() is None and not node.is_listening() and time.monotonic() < end:
        time.sleep(0.02)
    if node.process.poll() is None:
        # It listens before it tidies up, and answers behind that.
        swallow(lambda: node.runtime().Version(cri.VersionRequest(), timeout=30))
    return watch.end()


def startpoints(node):
    """vm-runtime is killed at each effect of a start that finds a mess; the next start tidies up."""
    node.start()
    node.pull()
    found = []
    before = on_node()
    for round_ in range(2):
        messy(node, f"mess{round_}")
        found.append(started(node, {}))
        node.kill()
        node.start()
        emptied(node)
        same(before, settled(before))
    points = [tuple(point) for point in found[1] if point in found[0]]

    def killed_at(point, name):
        messy(node, name)
        told = started(node, {"point": list(point)})
        node.kill()
        node.start()
        emptied(node)
        return "struck" in told

    count = Count(node, "START killed", points, 96)
    count.each(killed_at)
    count.check()


def emptied(node):
    """kubelet removes all pods that it is told of."""
    for item in node.cri.ListPodSandbox(cri.ListPodSandboxRequest()).items:
        node.remove_pod(item.id)


DATABASE = WORK / "state" / "pods.sqlite"
LOG = WORK / "state" / "pods.sqlite-wal"
INDEX = WORK / "state" / "pods.sqlite-shm"
NOISE = bytes(range(7, 251)) * 40


def commits():
    """Where each commit in the write-ahead log ends."""
    data = LOG.read_bytes()
    page = int.from_bytes(data[8:12], "big")
    ends, place = [], 32
    while place + 24 + page <= len(data):
        place += 24 + page
        # The frame that ends a commit tells the database's size.
        if int.from_bytes(data[place - page - 20:place - page - 16], "big"):
            ends.append(place)
    return ends, page


def lose(count):
    """Takes the last commits from the log; all where there are not more."""
    ends = [32, *commits()[0]]
    cut(LOG, ends[max(0, len(ends) - 1 - count)])


def cut(file, size):
    with open(file, "r+b") as open_file:
        open_file.truncate(size)


def overwrite(file, place, size):
    with open(file, "r+b") as open_file:
        open_file.seek(place)
        open_file.write(NOISE[:size])


def without(*files):
    for file in files:
        file.unlink(missing_ok=True)


def checkpointed():
    """What the log has goes into the database itself."""
    with sqlite3.connect(DATABASE) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    without(LOG, INDEX)


def both(*steps):
    return lambda: [step() for step in steps]


# What a disk may have after a power loss, and what it may come to otherwise; whether vm-runtime can go on by itself.
DAMAGES = {
    "the last commit missing": (lambda: lose(1), True),
    "two commits missing": (lambda: lose(2), True),
    "three commits missing": (lambda: lose(3), True),
    "the last frame torn": (lambda: cut(LOG, commits()[0][-1] - 1000), True),
    "the last frame garbage": (lambda: overwrite(LOG, commits()[0][-1] - 3000, 1000), True),
    "a frame's head garbage": (lambda: overwrite(LOG, commits()[0][-1] - commits()[1] - 24, 24), True),
    "an earlier frame garbage": (lambda: overwrite(LOG, commits()[0][-3] - 3000, 1000), True),
    "the log empty": (lambda: cut(LOG, 0), True),
    "the log garbage": (lambda: overwrite(LOG, 0, 9000), True),
    "the log missing": (lambda: without(LOG, INDEX), True),
    "the index missing": (lambda: without(INDEX), True),
    "the index garbage": (lambda: overwrite(INDEX, 0, 9000), True),
    "the index empty": (lambda: cut(INDEX, 0), True),
    "all missing": (lambda: without(DATABASE, LOG, INDEX), True),
    "the database empty": (both(lambda: cut(DATABASE, 0), lambda: without(LOG, INDEX)), False),
    "the database cut": (both(checkpointed, lambda: cut(DATABASE, DATABASE.stat().st_size // 2 + 100)), False),
    "the database's head garbage": (both(checkpointed, lambda: overwrite(DATABASE, 0, 200)), False),
    "a page garbage": (both(checkpointed, lambda: overwrite(DATABASE, 4096, 4000)), False),
    "the last page garbage": (both(checkpointed, lambda: overwrite(DATABASE, DATABASE.stat().st_size - 4096, 4000)), False),
    "a record garbage": (both(checkpointed, lambda: spoil_record()), False),  # pylint: disable=unnecessary-lambda
}
MOMENTS = {"RunPodSandbox": CALLS[:1], "CreateContainer": CALLS[:2], "StartContainer": CALLS[:3], "StopPodSandbox": CALLS[:4] + CALLS[5:6]}


def spoil_record():
    with sqlite3.connect(DATABASE) as database:
        database.execute("UPDATE sandbox SET record = substr(record, 1, 40)")
    database.close()
    without(LOG, INDEX)


def lived(node, moment, name):
    """A pod's life up to a moment, at which vm-runtime is killed."""
    life = Life(node, name)
    for call in MOMENTS[moment]:
        life.ask(call)
    node.kill()
    return life


def goes_on(node, life, moment):
    """kubelet's way on after a moment: the pod shall run; or shall go, where it was being stopped."""
    if moment != "StopPodSandbox":
        for round_ in range(3):
            try:
                life.repeat("RunPodSandbox")
                life.repeat("StartContainer")
                break
            except grpc.RpcError as error:
                assert round_ < 2, error.details()
        assert node.status(life.container).state == cri.CONTAINER_RUNNING
    life.remove()


def broken_database(node, moment, damage, name):
    before = on_node()
    # What was there before is in the database itself, what comes is in the log.
    node.kill()
    checkpointed()
    node.start()
    life = lived(node, moment, name)
    emulators = {domain: lab.process(domain.removeprefix("cvm-")) for domain in lab.virsh("list", "--name").split()}
    act, goes = DAMAGES[damage]
    act()
    there = on_node()
    process = node.spawn()
    end = time.monotonic() + 30
    while process.poll() is None and not node.is_listening() and time.monotonic() < end:
        time.sleep(0.02)
    if goes:
        assert process.poll() is None, "it does not start"
        process.kill()
        process.wait(10)
    else:
        assert process.wait(30) == 1, "it goes on with a database that it can't read"
        told = node.text().splitlines()[-1]
        for word in (str(DATABASE), "VMs live on", "move it away"):
            assert word in told, told
        same(there, on_node())
        for domain, emulator in emulators.items():
            assert lab.process(domain.removeprefix("cvm-")) == emulator, "a VM was ended"
        # As it is told to.
        without(DATABASE, LOG, INDEX)
    node.start()
    goes_on(node, life, moment)
    same(before, settled(before))
    return True


def powerloss(node):
    """The database as a power loss or a spoiled disk leaves it, at several moments of a life."""
    node.start()
    node.pull()
    points = [(moment, damage) for moment in MOMENTS for damage in DAMAGES]
    count = Count(node, "DATABASE damaged", points, 20)
    count.each(lambda point, name: broken_database(node, *point, name))
    count.check()


FILES = {
    "what plugins are told": "run/sandboxes/*.json",
    "the plugins' record": "run/interfaces/*/*.json",
    "the image's user": "images/users/*.json",
    "the image's record": "images/images/*.json",
    "the image's name": "images/names/*.json",
    "how far the console was copied": "state/pods/*/console.json",
    "the console": "state/pods/*/console.log",
    "the seed": "state/pods/*/seed.iso",
    "the disk": "state/pods/*/disk.qcow2",
}
HARMS = {
    "missing": lambda file: file.unlink(),
    "empty": lambda file: cut(file, 0),
    "cut": lambda file: cut(file, file.stat().st_size // 2),
    "garbage": lambda file: file.write_bytes(NOISE[:1000]),
}


def broken_file(node, moment, file, harm, name):
    life = lived(node, moment, name)
    found = list(WORK.glob(FILES[file]))
    for path in found:
        HARMS[harm](path)
    node.start()
    # kubelet pulls what it is told is not there.
    node.pull()
    goes_on(node, life, moment)
    return bool(found)


def statefiles(node):
    """Each other file of vm-runtime's, spoiled at several moments of a life."""
    node.start()
    node.pull()
    moments = ["RunPodSandbox", "CreateContainer", "StartContainer"]
    there = {
        "RunPodSandbox": list(FILES)[:2] + list(FILES)[3:5],
        "CreateContainer": list(FILES)[:5] + list(FILES)[6:],
        "StartContainer": list(FILES),
    }
    points = [(moment, file, harm) for moment in moments for file in there[moment] for harm in HARMS]
    count = Count(node, "FILES damaged", points, 20)
    count.each(lambda point, name: broken_file(node, *point, name))
    count.check()


if __name__ == "__main__":
    lab.main(killpoints, startpoints, errorpoints, powerloss, statefiles, kind=Broken)
