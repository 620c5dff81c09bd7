# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""What kubelet and pods' authors do, inside the lab, with an emulator that has no guest (Tests/VMRuntimeTests/node CHECK...)."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import threading
import time

import grpc
from cri_api.v1 import api_pb2 as cri

import lab
from faults import networked
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
        self.thread = threading.Thread(target=self.run, args=[call], daemon=True)
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
    """What is done in it is done in so many seconds; what never ends fails, too."""

    def late(*_):
        raise AssertionError(f"{what} has not ended after {seconds + 10} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds + 10)
    begin = time.monotonic()
    try:
        yield
    finally:
        signal.alarm(0)
    took = time.monotonic() - begin
    assert took < seconds, f"{what} took {took:.1f} s"


def running(node, name, memory=400 << 20, **more):
    """A pod whose guest runs; its ids."""
    config = pod(name, **more)
    sandbox = node.run(config)
    container = node.create(sandbox, config, machine(memory=memory))
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


def refusals(node):
    """What can't be honoured is refused where it is asked for first, in words that name it, and leaves nothing."""
    before = prepared(node)

    def run(config, handler=""):
        return node.cri.RunPodSandbox(cri.RunPodSandboxRequest(config=config, runtime_handler=handler)).pod_sandbox_id

    assert [item.name for item in node.cri.Status(cri.StatusRequest()).runtime_handlers] == ["", "vm"]
    refused(CODE.INVALID_ARGUMENT, lambda: run(pod("handler"), "kata"), "runtime_handler", "kata", "vm")
    for parent in ("/../../etc", "/kubepods/cgroup.procs", "a--b.slice"):
        config = pod("parent")
        config.linux.cgroup_parent = parent
        refused(CODE.INVALID_ARGUMENT, lambda config=config: run(config), "cgroup_parent", parent)
    config = pod("group")
    config.linux.security_context.run_as_group.value = 7
    refused(CODE.INVALID_ARGUMENT, lambda: run(config), "runAsGroup", "runAsUser")
    same(before, on_node())

    config = pod("refused")
    sandbox = run(config, "vm")
    assert node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status.runtime_handler == "vm"
    ready = on_node()
    of_kind = "io.kubernetes.container.type"
    wrong = [
        (machine("setup", annotations={of_kind: "init"}), ["setup", "init container", "cloud-init"]),
        (machine("debug", annotations={of_kind: "ephemeral"}), ["debug", "ephemeral container"]),
    ]
    for field, words in [("privileged", ["privileged"]), ("run_as_group", ["runAsGroup"])]:
        container = machine()
        if field == "privileged":
            container.linux.security_context.privileged = True
        else:
            container.linux.security_context.run_as_group.value = 7
        wrong.append((container, words))
    for field, value in [("cpuset_cpus", "4000"), ("cpuset_cpus", "0-"), ("cpu_period", 1), ("cpu_quota", 1)]:
        container = machine()
        setattr(container.linux.resources, field, value)
        wrong.append((container, [field, str(value)]))
    for container, words in wrong:
        refused(CODE.INVALID_ARGUMENT, lambda container=container: node.create(sandbox, config, container), *words)
        same(ready, on_node())
    # The pod's own container has the VM all the same; what has no effect on it stands in its log.
    right = machine(annotations={of_kind: "container"}, command=["sh"], args=["-c", "true"], working_dir="/srv")
    right.linux.security_context.run_as_user.value = 7
    right.linux.security_context.run_as_group.value = 7
    container = node.create(sandbox, config, right)
    node.begin(container)
    until(lambda: "started" in lab.log_of("refused"), 10, "a log")
    first = lab.log_of("refused").splitlines()[0]
    assert "command, args, workingDir: no effect on a VM" in first and lab.STAMP.match(first), first
    node.remove_pod(sandbox)

    # A processor that there is not: the author's mistake.
    for annotations in [
        {"VirtletLibvirtCPUSetting": "mode: custom\nmodel:\n  value: no-such-processor\n"},
        {"VirtletLibvirtCPUSetting": "mode: custom\nmodel:\n  value: qemu64\nfeatures:\n- name: no-such-feature\n  policy: require\n"},
    ]:
        config = pod("processor", annotations=annotations)
        sandbox = node.run(config)

        def begin(config=config, sandbox=sandbox):
            node.begin(node.create(sandbox, config, machine()))

        refused(CODE.INVALID_ARGUMENT, begin, "VirtletLibvirtCPUSetting", "no-such-")
        node.remove_pod(sandbox)
    same(before, on_node())


def updates(node):
    """Of an update that can't be granted nothing is kept, neither for a VM that runs nor for one that is still to start."""
    before = prepared(node)
    config = pod("updates")
    sandbox = node.run(config)
    container = node.create(sandbox, config, machine())

    def update(**resources):
        request = cri.UpdateContainerResourcesRequest(container_id=container)
        for field, value in resources.items():
            setattr(request.linux, field, value)
        node.cri.UpdateContainerResources(request)

    def limits():
        group = f"{lab.GROUP}/podupdates/{lab.domain(container)}"
        files = ("cpu/{}/cpu.shares", "cpu/{}/cpu.cfs_quota_us", "cpuset/{}/cpuset.cpus")
        return [(lab.CGROUPS / file.format(group)).read_text().strip() for file in files]

    wrong = [
        {"cpuset_cpus": "4000"}, {"cpuset_cpus": "0-"}, {"cpuset_mems": "63"}, {"cpu_shares": 700, "cpu_period": 1},
        # The kernel refuses it behind the shares.
        {"cpu_shares": 700, "cpu_period": 100000, "cpu_quota": 1 << 60},
    ]
    for resources in wrong[:4]:
        refused(CODE.INVALID_ARGUMENT, lambda resources=resources: update(**resources), next(reversed(resources)))
    assert node.status(container).resources.linux.cpu_shares == 512
    node.begin(container)
    started = limits()
    assert started[:2] == ["512", "-1"], started
    for resources in wrong:
        refused(CODE.INVALID_ARGUMENT, lambda resources=resources: update(**resources), "resources")
        assert limits() == started, limits()
        told = node.status(container).resources.linux
        assert (told.cpu_shares, told.cpuset_cpus, told.cpu_quota) == (512, "", 0), told
    # They spoil no later one.
    update(cpu_shares=1024, cpuset_cpus="0")
    assert limits() == ["1024", "-1", "0"], limits()
    node.remove_pod(sandbox)
    same(before, on_node())


def names(node):
    """Names with capitals are taken, and images are shown under the names that they were asked for by."""
    before = prepared(node)
    uid = "0B5C1A52-3A90-4F5E-8F6D-00000000C0DE"
    config = pod(f"PodSandbox-for-Names-{uid}")
    config.metadata.uid, config.metadata.namespace, config.metadata.attempt = f"cri-test-uid{uid}", f"cri-test-namespace{uid}", 2
    sandbox = node.run(config)
    status = node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status
    assert status.metadata == config.metadata, status
    # An empty configuration beside the image, as critest sends it.
    request = cri.PullImageRequest(image=cri.ImageSpec(image=lab.IMAGE), sandbox_config=cri.PodSandboxConfig())
    image = node.store.PullImage(request).image_ref

    def status_of(name, **more):
        return node.store.ImageStatus(cri.ImageStatusRequest(image=cri.ImageSpec(image=name, **more))).image

    by_id = status_of(image)
    assert by_id.id == image and by_id.HasField("spec"), by_id
    for name in [lab.IMAGE, image.removeprefix("sha256:"), *by_id.repo_tags, *by_id.repo_digests]:
        assert status_of(name, annotations={"a": "b"}) == by_id, (name, status_of(name), by_id)
    # Kubelet asks by the id and says how the pod's author wrote it; others say the id alone.
    containers = []
    for attempt, spec in enumerate(
        [cri.ImageSpec(image=image, user_specified_image=lab.IMAGE), cri.ImageSpec(image=image), cri.ImageSpec(image=lab.IMAGE)]):
        container = machine("Vm-1", attempt)
        container.image.CopyFrom(spec)
        containers.append(node.create(sandbox, config, container))
        status = node.status(containers[-1])
        # By the id alone a name is shown that the image was pulled by.
        assert status.image.image in (by_id.repo_tags if attempt == 1 else [lab.IMAGE]), status
        assert status.image_ref == status.image_id == image, status
    node.begin(containers[-1])
    until(lambda: "started" in lab.log_of(config.metadata.name, "Vm-1", 2), 10, "a log")
    node.remove_pod(sandbox)
    same(before, on_node())


def queues(node):
    """A VM has as many processors as it asks for, also where its interface can't have so many queues."""
    networked("bridged")
    before = prepared(node)
    for count in (65, 255):
        # QEMU needs more for each processor.
        sandbox, container = running(node, f"queues{count}", memory=8 << 30, annotations={"VirtletVCPUCount": str(count)})
        status = node.cri.ContainerStatus(cri.ContainerStatusRequest(container_id=container, verbose=True))
        assert status.status.state == cri.CONTAINER_RUNNING and status.info["vcpus"] == str(count), status
        words = pathlib.Path(f"/proc/{lab.process(container)}/cmdline").read_bytes().split(b"\0")
        fds = next(json.loads(word)["fds"] for word in words if b'"fds"' in word)
        assert len(fds.split(":")) == 32, fds
        node.remove_pod(sandbox)
    same(before, on_node())


if __name__ == "__main__":
    lab.main(grace, planted, refusals, updates, names, queues)
