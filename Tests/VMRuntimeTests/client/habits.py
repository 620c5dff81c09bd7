# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""What kubelet and pods' authors do, inside the lab, with an emulator that has no guest (Tests/VMRuntimeTests/node CHECK...)."""

import contextlib
import os
import signal
import socket
import threading
import time

import grpc
from cri_api.v1 import api_pb2 as cri

import lab
from lab import machine, on_node, pod, same, until
from server import refused

CODE = grpc.StatusCode
# The emulator takes no notice of the power button then.
DEAF = {"VirtletVCPUCount": "3"}


class Call:
    """A call that another thread makes, and how long it took."""

    def __init__(self, call):
        self.error = self.seconds = None
        self.begin = time.monotonic()
        self.thread = threading.Thread(target=self.run, args=[call])
        self.thread.start()

    def run(self, call):
        try:
            call()
        except grpc.RpcError as error:
            self.error = error
        self.seconds = time.monotonic() - self.begin

    def ended(self, within):
        self.thread.join(within)
        assert not self.thread.is_alive(), f"a call has not ended after {within} s"
        assert self.error is None, self.error
        return self.seconds


@contextlib.contextmanager
def prompt(what, seconds=4):
    begin = time.monotonic()
    yield
    took = time.monotonic() - begin
    assert took < seconds, f"{what} took {took:.1f} s"


def running(node, name, attempt=0, **more):
    """A pod whose guest runs; its ids."""
    config = pod(name, **more)
    sandbox = node.run(config)
    container = node.create(sandbox, config, machine(attempt=attempt))
    node.begin(container)
    return sandbox, container


def prepared(node):
    node.start()
    node.pull()
    return on_node()


def grace(node):
    """A long grace period holds up nothing, of this pod or another, and a shorter one wins."""
    before = prepared(node)
    deaf = {name: running(node, name, annotations=DEAF) for name in ("forced", "removed", "undone", "early", "late")}
    stub = node.runtime()

    def stopping(name, seconds):
        request = cri.StopContainerRequest(container_id=deaf[name][1], timeout=seconds)
        return Call(lambda: stub.StopContainer(request))

    waiting = {name: stopping(name, 3600) for name in ("forced", "removed", "undone", "early")}
    time.sleep(1)
    # What the pod is asked meanwhile is answered.
    update = cri.UpdateContainerResourcesRequest(container_id=deaf["forced"][1])
    update.linux.cpu_shares = 300
    with prompt("UpdateContainerResources"):
        node.cri.UpdateContainerResources(update)
    for call in waiting.values():
        assert call.thread.is_alive(), call.error
    # The end of another pod's guest is noticed.
    sandbox, other = running(node, "other")
    os.kill(lab.process(other), signal.SIGKILL)
    with prompt("the end of another pod's guest"):
        node.wait_ended(other)
    with prompt("StopContainer without grace"):
        node.stop(deaf["forced"][1], 0)
    with prompt("RemoveContainer"):
        node.cri.RemoveContainer(cri.RemoveContainerRequest(container_id=deaf["removed"][1]))
    with prompt("StopPodSandbox"):
        node.cri.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=deaf["undone"][0]))
    # A shorter grace period wins, before or behind a longer one.
    shorter, second = stopping("early", 2), stopping("late", 2)
    time.sleep(0.5)
    third = stopping("late", 3600)
    assert 1.5 < shorter.ended(6) < 5, shorter.seconds
    assert 1.5 < second.ended(6) < 5, second.seconds
    third.ended(3)
    for call in waiting.values():
        call.ended(3)
    for name in ("forced", "early", "late"):
        status = node.status(deaf[name][1])
        assert (status.state, status.exit_code, status.reason) == (cri.CONTAINER_EXITED, 137, "Error"), status
    for sandbox in [sandbox, *(ids[0] for ids in deaf.values())]:
        node.remove_pod(sandbox)
    same(before, on_node())


def planted(node):
    """What somebody puts where a log belongs is not followed, opened or waited for, and harms no other pod."""
    before = prepared(node)
    victim = lab.WORK / "victim"
    victim.write_text("precious\n", encoding="ascii")

    def fifo(path):
        os.mkfifo(path)

    def unix_socket(path):
        with socket.socket(socket.AF_UNIX) as listening:
            # A path of the lab is too long for an address.
            folder = os.open(path.parent, os.O_RDONLY)
            listening.bind(f"/proc/self/fd/{folder}/{path.name}")
            os.close(folder)

    plants = {
        "link": lambda path: path.symlink_to(victim), "dangling": lambda path: path.symlink_to(lab.WORK / "made"),
        "pipe": fifo, "folder": lambda path: path.mkdir(), "socket": unix_socket, "name": lambda path: os.link(victim, path),
    }
    sandboxes = []
    for kind, plant in plants.items():
        config = pod(f"plant-{kind}")
        sandboxes.append(node.run(config))
        container = node.create(sandboxes[-1], config, machine())
        path = lab.WORK / "logs" / f"plant-{kind}" / "vm" / "0.log"
        path.parent.mkdir()
        plant(path)
        with prompt(f"StartContainer with a {kind}", 15):
            refused(CODE.INTERNAL, lambda container=container: node.begin(container), "0.log")
        status = node.status(container)
        assert (status.state, status.reason) == (cri.CONTAINER_EXITED, "StartError"), status
        assert "0.log" in status.message, status
    # A folder that is a link, too.
    config = pod("plant-above")
    sandboxes.append(node.run(config))
    container = node.create(sandboxes[-1], config, machine())
    (lab.WORK / "elsewhere").mkdir()
    (lab.WORK / "logs" / "plant-above" / "vm").symlink_to(lab.WORK / "elsewhere")
    refused(CODE.INTERNAL, lambda: node.begin(container), "symbolic link")
    assert not list((lab.WORK / "elsewhere").iterdir())
    # In a pod that runs: it is refused when the log is opened anew, and after a restart the guest runs on.
    sandbox, container = running(node, "plant-later")
    sandboxes.append(sandbox)
    path = lab.WORK / "logs" / "plant-later" / "vm" / "0.log"
    until(lambda: "started" in path.read_text(), 10, "a log")
    path.rename(path.with_suffix(".log.1"))
    fifo(path)
    reopen = cri.ReopenContainerLogRequest(container_id=container)
    with prompt("ReopenContainerLog"):
        refused(CODE.INTERNAL, lambda: node.cri.ReopenContainerLog(reopen), "named pipe")
    with prompt("ListContainers"):
        node.cri.ListContainers(cri.ListContainersRequest())
    node.kill()
    node.start()
    assert node.status(container).state == cri.CONTAINER_RUNNING
    # Another pod's log is written all the while.
    sandbox, other = running(node, "plant-beside")
    sandboxes.append(sandbox)
    until(lambda: "started" in lab.log_of("plant-beside"), 10, "another pod's log")
    path.unlink()
    lab.virsh("suspend", lab.domain(container))
    lab.virsh("resume", lab.domain(container))
    until(lambda: lab.log_of("plant-later").count("started") == 1, 10, "further lines")
    with prompt("StopContainer"):
        node.stop(other, 0)
    for sandbox in sandboxes:
        node.remove_pod(sandbox)
    assert victim.read_text(encoding="ascii") == "precious\n" and not (lab.WORK / "made").exists()
    same(before, on_node())


if __name__ == "__main__":
    lab.main(grace, planted)
