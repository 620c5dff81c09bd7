# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""What checks of pods share: a vm-runtime on the lab's node, pods as kubelet asks for them, and what is on the node."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

from cri_api.v1 import api_pb2 as cri
from server import Server, sandbox

WORK = pathlib.Path(os.environ["LAB_WORK"])
ROOT = pathlib.Path(os.environ["LAB_ROOT"])
URI = os.environ["CONTRAIL_VM_LIBVIRT_URI"]
IMAGE = "127.0.0.1:8088/guest.qcow2"
CGROUPS = pathlib.Path("/sys/fs/cgroup")
# Labs beside this one have groups of their own; tools/lab removes this one's.
GROUP = f"{WORK.name}/kubepods/burstable"
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d) stdout [FP] ")


class Node(Server):
    """A vm-runtime whose state outlives it: stop it, kill it and start it anew."""

    def start(self, *more, environment=None):
        super().start(*more, environment=environment)
        self.cri = self.runtime()
        self.store = self.images()
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def pull(self):
        return self.store.PullImage(cri.PullImageRequest(image=cri.ImageSpec(image=IMAGE))).image_ref

    def run(self, config):
        return self.cri.RunPodSandbox(cri.RunPodSandboxRequest(config=config)).pod_sandbox_id

    def create(self, pod, config, container):
        return self.cri.CreateContainer(creation(pod, config, container)).container_id

    def begin(self, container):
        self.cri.StartContainer(cri.StartContainerRequest(container_id=container))

    def status(self, container):
        return self.cri.ContainerStatus(cri.ContainerStatusRequest(container_id=container)).status

    def stop(self, container, seconds=60):
        self.cri.StopContainer(cri.StopContainerRequest(container_id=container, timeout=seconds))

    def remove_pod(self, pod):
        self.cri.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=pod))
        self.cri.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=pod))

    def wait_ended(self, container, seconds=60):
        return until(lambda: (status := self.status(container)).state == cri.CONTAINER_EXITED and status, seconds, "an end")


def creation(sandbox, config, container):
    return cri.CreateContainerRequest(pod_sandbox_id=sandbox, config=container, sandbox_config=config)


def until(condition, seconds, what):
    """What a condition gives as soon as it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(f"no {what} within {seconds} s")


def pod(name, **more):
    """A pod's sandbox as kubelet asks for it."""
    logs = WORK / "logs" / name
    logs.mkdir(parents=True, exist_ok=True)
    config = sandbox(name, hostname=name, log_directory=str(logs), **more)
    config.linux.cgroup_parent = f"/{GROUP}/pod{name}"
    return config


def machine(name="vm", attempt=0, memory=400 << 20, **more):
    """A container that is a machine; the guest has the limit less QEMU's share."""
    container = cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name=name, attempt=attempt),
        image=cri.ImageSpec(image=IMAGE), log_path=f"{name}/{attempt}.log", **more)
    container.linux.resources.memory_limit_in_bytes = memory
    container.linux.resources.cpu_shares = 512
    return container


def log_of(name, container="vm", attempt=0):
    path = WORK / "logs" / name / container / f"{attempt}.log"
    return path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""


def wait_ready(name, attempt=0, seconds=150):
    until(lambda: "@@READY" in log_of(name, attempt=attempt), seconds, f"@@READY in the log of {name}")


def domain(container):
    return f"cvm-{container[:16]}"


def guest(container, command):
    """Runs a command in a guest, by its agent."""
    run = subprocess.run(
        [ROOT / "tools/guest/exec", URI, domain(container), command], capture_output=True, text=True, timeout=90, check=False)
    return run.stdout + run.stderr


def virsh(*arguments):
    run = subprocess.run(["virsh", "-q", "-c", URI, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


class Pings:
    """Echo requests from the network's gateway to a guest, 100 a second, as long as the block lasts."""

    def __init__(self, container):
        addresses = guest(container, "ip -4 -o addr show scope global")
        self.address = re.search(r"inet ([0-9.]+)/", addresses).group(1)

    def __enter__(self):
        # The lab's name space is where the simulator's data plane is.
        self.run = subprocess.Popen(
            ["ping", "-i", "0.01", "-W", "5", self.address], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        time.sleep(2)
        return self

    def __exit__(self, *_):
        time.sleep(2)
        self.run.send_signal(signal.SIGINT)
        self.text = self.run.communicate(timeout=20)[0]

    def all_answered(self):
        sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", self.text).groups())
        # The last one may be on its way.
        assert sent > 200 and sent - received <= 1, self.text[-300:]
        numbers = [int(number) for number in re.findall(r"icmp_seq=(\d+) ", self.text)]
        assert numbers == sorted(set(numbers)), "an answer came twice or out of order"
        print(f"      {received} of {sent} echo requests answered")


def libvirtd_killed():
    """Kills libvirtd, which the lab started, and starts it anew as the lab did."""
    file = WORK / "libvirtd.pid"
    os.kill(int(file.read_text()), signal.SIGKILL)
    file.unlink()
    libvirtd_started()


def libvirtd_started():
    # pylint: disable-next=consider-using-with
    subprocess.Popen(
        ["libvirtd", "--pid-file", str(WORK / "libvirtd.pid")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def libvirtd():
    """Its process."""
    return int((WORK / "libvirtd.pid").read_text())


def rows():
    """Sandboxes and containers that vm-runtime's database holds."""
    with contextlib.closing(sqlite3.connect(f"file:{WORK}/state/pods.sqlite?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if "grdb" not in name]
        assert tables, "no tables"
        return sum(database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables)


def drop_logs(name):
    """Removes a pod's folder of logs, as kubelet does."""
    shutil.rmtree(WORK / "logs" / name)


def ready(node):
    return all(condition.status for condition in node.cri.Status(cri.StatusRequest()).status.conditions)


def process(container):
    return int(pathlib.Path(f"/run/libvirt/qemu/{domain(container)}.pid").read_text())


def cgroup_of(container):
    """The folder of a container's cgroup, of whatever version."""
    hierarchy = CGROUPS / "memory" if (CGROUPS / "memory").exists() else CGROUPS
    return next(hierarchy.glob(f"{GROUP}/*/{domain(container)}"))


def top_cgroup():
    """The root of the hierarchies."""
    return CGROUPS / "memory" if (CGROUPS / "memory").exists() else CGROUPS


def on_node():
    """All that pods may leave behind on a node."""

    def below(folder, *but):
        # Folders that a first pod makes stay.
        paths = (path for path in folder.rglob("*") if not (path.is_dir() and path.parent == folder))
        return sorted(str(path) for path in paths if not any(word in path.name for word in but))

    links = json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout)
    return {
        "namespaces": sorted(str(path) for path in pathlib.Path("/run/netns").glob("cvm-*")),
        # The simulated vRouter's own bridge stays.
        "links": sorted(link["ifname"] for link in links if not link["ifname"].startswith("vrs-")),
        "domains": sorted(virsh("list", "--all", "--name").split()),
        "state": below(WORK / "state", "pods.sqlite"),
        "run": below(WORK / "run", ".lock", "lock"),
        "ports": below(WORK / "ports"),
        # But for those of the namespaces of other tests.
        "mounts": sorted(
            line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines() if "/cvt-" not in line),
        "cgroups": sorted({path.name for path in CGROUPS.glob(f"*/{GROUP}/*/cvm-*")}),
        "images": below(WORK / "images" / "users") if (WORK / "images" / "users").exists() else [],
    }


def same(before, after):
    for key, value in before.items():
        assert value == after[key], f"{key}: left {set(after[key]) - set(value)}, gone {set(value) - set(after[key])}"


def last_words():
    """What libvirt has, and how the consoles of all pods end."""
    run = subprocess.run(["virsh", "-q", "-c", URI, "list", "--all"], capture_output=True, text=True, timeout=60, check=False)
    logs = sorted((WORK / "logs").rglob("*.log"))
    ends = [f"{path.relative_to(WORK)}:\n" + "".join(path.read_text(errors="replace").splitlines(keepends=True)[-25:]) for path in logs]
    return "\n".join([f"domains:\n{run.stdout}{run.stderr}", *ends])


def main(*checks, kind=Node):
    """Runs the check that the command line names, on a node of its own."""
    check = {check.__name__: check for check in checks}[sys.argv[1]]
    node = kind()
    try:
        check(node)
    except BaseException:
        sys.stderr.write(node.text()[-6000:] + "\n" if node.log.exists() else "")
        sys.stderr.write(last_words())
        raise
    finally:
        node.remove()
