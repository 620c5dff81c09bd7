# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""Checks of VM pods as kubelet sees them: python pods.py NAME, inside the lab. Each is told by its function's name."""

import os
import pathlib
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import grpc
from cri_api.v1 import api_pb2 as cri

import lab
from lab import guest, log_of, machine, on_node, pod, same, until, wait_ready
from server import refused

CODE = grpc.StatusCode


def life(node):
    """From RunPodSandbox to RemovePodSandbox, and nothing is left."""
    node.start()
    conditions = node.cri.Status(cri.StatusRequest()).status.conditions
    assert all(condition.status for condition in conditions), conditions
    node.pull()
    before = on_node()

    config = pod("web", labels={"app": "web"}, annotations={"a": "b"})
    config.dns_config.servers.append("10.96.0.10")
    config.dns_config.searches.append("default.svc.cluster.local")
    sandbox = node.run(config)
    assert node.run(config) == sandbox, "the same attempt again is the same sandbox"
    status = node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status
    assert status.state == cri.SANDBOX_READY, status
    assert status.labels == {"app": "web"} and status.annotations == {"a": "b"}, status
    assert status.network.ip.startswith("10.47."), status
    assert status.network.additional_ips[0].ip.startswith("fd00:47:"), status

    wanted = machine(labels={"tier": "front"})
    container = node.create(sandbox, config, wanted)
    assert node.create(sandbox, config, wanted) == container, "the same container again is the same"
    assert node.status(container).state == cri.CONTAINER_CREATED
    refused(CODE.INVALID_ARGUMENT, lambda: node.create(sandbox, config, machine("sidecar")), "sidecar", "one VM")
    node.begin(container)
    node.begin(container)
    status = node.status(container)
    assert status.state == cri.CONTAINER_RUNNING and status.started_at > 0, status
    assert [item.id for item in node.cri.ListContainers(cri.ListContainersRequest()).containers] == [container]
    confined(container, memory=400 << 20, parent=f"/{lab.GROUP}/podweb")
    listed(node, sandbox, container)
    updated(node, container)

    wait_ready("web")
    for line in log_of("web").splitlines():
        assert lab.STAMP.match(line), line
    assert guest(container, "hostname").strip() == "web"
    resolver = guest(container, "cat /etc/resolv.conf")
    assert "nameserver 10.96.0.10\n" in resolver and "search default.svc.cluster.local" in resolver, resolver
    assert "10.47.255.253" not in resolver, resolver
    answered = guest(container, "ping -c 2 -W 3 10.47.255.254 && ping -c 2 -W 3 fd00:47::fe")
    assert answered.count(" 0% packet loss") == 2, answered
    measured(node, sandbox, container)

    node.stop(container)
    status = node.status(container)
    assert (status.state, status.exit_code, status.reason) == (cri.CONTAINER_EXITED, 0, "Completed"), status
    node.stop(container)
    # What has ended uses its disk alone.
    [ended] = node.cri.ListContainerStats(cri.ListContainerStatsRequest()).stats
    assert ended.writable_layer.used_bytes.value > 0 and not ended.HasField("cpu") and not ended.HasField("memory"), ended
    node.cri.RemoveContainer(cri.RemoveContainerRequest(container_id=container))
    node.cri.RemoveContainer(cri.RemoveContainerRequest(container_id=container))
    for _ in range(2):
        node.cri.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=sandbox))
    status = node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status
    assert status.state == cri.SANDBOX_NOTREADY and not status.network.ip, status
    assert not node.cri.ListPodSandboxStats(cri.ListPodSandboxStatsRequest()).stats
    refused(
        CODE.FAILED_PRECONDITION, lambda: node.cri.PodSandboxStats(cri.PodSandboxStatsRequest(pod_sandbox_id=sandbox)), "not ready")
    for _ in range(2):
        node.cri.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=sandbox))
    refused(CODE.NOT_FOUND, lambda: node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)))
    same(before, on_node())


def listed(node, sandbox, container):
    """What filters match and what they don't; and the image that the container has."""
    for found, filters in [
        ([sandbox], {"id": sandbox[:12]}), ([sandbox], {"label_selector": {"app": "web"}}), ([], {"label_selector": {"app": "x"}}),
        ([sandbox], {"state": cri.PodSandboxStateValue(state=cri.SANDBOX_READY)}),
        ([], {"state": cri.PodSandboxStateValue(state=cri.SANDBOX_NOTREADY)}),
    ]:
        request = cri.ListPodSandboxRequest(filter=cri.PodSandboxFilter(**filters))
        assert [item.id for item in node.cri.ListPodSandbox(request).items] == found, filters
    for found, filters in [
        ([container], {"id": container[:12]}), ([container], {"pod_sandbox_id": sandbox}), ([], {"pod_sandbox_id": container}),
        ([container], {"label_selector": {"tier": "front"}}), ([], {"label_selector": {"tier": "front", "app": "web"}}),
        ([container], {"state": cri.ContainerStateValue(state=cri.CONTAINER_RUNNING)}),
        ([], {"state": cri.ContainerStateValue(state=cri.CONTAINER_CREATED)}),
    ]:
        request = cri.ListContainersRequest(filter=cri.ContainerFilter(**filters))
        assert [item.id for item in node.cri.ListContainers(request).containers] == found, filters
    image = node.store.ImageStatus(cri.ImageStatusRequest(image=cri.ImageSpec(image=lab.IMAGE))).image
    assert [item.id for item in node.store.ListImages(cri.ListImagesRequest()).images] == [image.id], image
    assert node.status(container).image_ref == image.id, node.status(container)
    systems = node.store.ImageFsInfo(cri.ImageFsInfoRequest()).image_filesystems
    assert systems[0].used_bytes.value >= image.size > 0 and systems[0].inodes_used.value > 0, systems


def measured(node, sandbox, container):
    """What a VM that runs uses, beside what its cgroup and its guest say."""

    def stats():
        [own] = node.cri.ListContainerStats(cri.ListContainerStatsRequest()).stats
        [pods] = node.cri.ListPodSandboxStats(cri.ListPodSandboxStatsRequest()).stats
        assert own.attributes.id == container and own.attributes.metadata.name == "vm", own
        assert own.attributes.labels == {"tier": "front"}, own
        assert pods.attributes.id == sandbox and pods.attributes.metadata.name == "web", pods
        assert pods.attributes.labels == {"app": "web"} and pods.attributes.annotations == {"a": "b"}, pods
        assert [item.attributes.id for item in pods.linux.containers] == [container], pods
        return own, pods.linux

    group = f"{lab.GROUP}/podweb/{lab.domain(container)}"
    before, of_pod = stats()
    used = int((lab.CGROUPS / "memory" / group / "memory.usage_in_bytes").read_text())
    memory = before.memory
    assert abs(memory.usage_bytes.value - used) < 32 << 20, (memory, used)
    assert 64 << 20 < memory.working_set_bytes.value <= memory.usage_bytes.value, memory
    assert memory.available_bytes.value == (400 << 20) - memory.working_set_bytes.value, memory
    assert 64 << 20 < memory.rss_bytes.value <= memory.usage_bytes.value and memory.page_faults.value > 0, memory
    assert of_pod.memory.working_set_bytes.value >= memory.working_set_bytes.value - (32 << 20), of_pod
    assert of_pod.process.process_count.value >= 3, of_pod
    layer = before.writable_layer
    disks = [lab.WORK / "state" / "pods" / container / name for name in ("disk.qcow2", "seed.iso")]
    assert layer.inodes_used.value >= 2 and os.path.isdir(layer.fs_id.mountpoint), layer
    assert abs(layer.used_bytes.value - sum(path.stat().st_blocks * 512 for path in disks)) < 16 << 20, layer
    [interface] = of_pod.network.interfaces
    assert interface == of_pod.network.default_interface and interface.name == "eth0", of_pod.network

    # The guest works for some seconds, and sends a MB more than it gets.
    guest(container, "python3 -c 'for _ in range(3000000): pass'")
    time.sleep(1)
    guest(container, "python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                     "for _ in range(1000): s.sendto(bytes(1000), (\"10.47.255.254\", 9))'")
    after, of_pod = stats()
    seconds = (after.cpu.timestamp - before.cpu.timestamp) / 1e9
    spent = (after.cpu.usage_core_nano_seconds.value - before.cpu.usage_core_nano_seconds.value) / 1e9
    assert seconds > 1 and 0.1 < spent < 3 * seconds, (spent, seconds)
    assert abs(after.cpu.usage_nano_cores.value / 1e9 - spent / seconds) < 0.05, (after.cpu, spent, seconds)
    assert after.memory.timestamp > memory.timestamp, after
    [later] = of_pod.network.interfaces
    assert later.tx_bytes.value - interface.tx_bytes.value > 1000 * 1000, (interface, later)
    assert later.rx_bytes.value - interface.rx_bytes.value < 500 * 1000, (interface, later)
    counted = guest(container, "cat /sys/class/net/eth0/statistics/tx_bytes || cat /sys/class/net/e*/statistics/tx_bytes")
    assert abs(int(counted.split()[-1]) - later.tx_bytes.value) < 100_000, (counted, later)

    assert node.cri.ContainerStats(cri.ContainerStatsRequest(container_id=container[:12])).stats.attributes.id == container
    assert node.cri.PodSandboxStats(cri.PodSandboxStatsRequest(pod_sandbox_id=sandbox[:12])).stats.attributes.id == sandbox
    for found, filters in [
        ([container], {"id": container[:12]}), ([container], {"pod_sandbox_id": sandbox}), ([], {"pod_sandbox_id": container}),
        ([container], {"label_selector": {"tier": "front"}}), ([], {"label_selector": {"tier": "back"}}),
    ]:
        request = cri.ListContainerStatsRequest(filter=cri.ContainerStatsFilter(**filters))
        assert [item.attributes.id for item in node.cri.ListContainerStats(request).stats] == found, filters
    for found, filters in [([sandbox], {"id": sandbox[:12]}), ([], {"id": container}), ([], {"label_selector": {"app": "x"}})]:
        request = cri.ListPodSandboxStatsRequest(filter=cri.PodSandboxStatsFilter(**filters))
        assert [item.attributes.id for item in node.cri.ListPodSandboxStats(request).stats] == found, filters
    # None of it needs libvirt: one that hangs holds up nothing.
    os.kill(lab.libvirtd(), signal.SIGSTOP)
    try:
        begun = time.monotonic()
        stats()
        assert time.monotonic() - begun < 5, "stats waited for libvirt"
    finally:
        os.kill(lab.libvirtd(), signal.SIGCONT)


def updated(node, container):
    """New limits hold for the VM that runs; what was not named stays."""
    group = f"{lab.GROUP}/podweb/{lab.domain(container)}"

    def limits():
        files = ("cpu/{}/cpu.shares", "cpu/{}/cpu.cfs_quota_us", "memory/{}/memory.limit_in_bytes")
        return [int((lab.CGROUPS / file.format(group)).read_text()) for file in files]

    assert limits() == [512, -1, 400 << 20], limits()
    update = cri.UpdateContainerResourcesRequest(container_id=container)
    update.linux.cpu_shares, update.linux.cpu_quota, update.linux.cpu_period = 1024, 150000, 100000
    node.cri.UpdateContainerResources(update)
    assert limits() == [1024, 150000, 400 << 20], limits()
    update.linux.cpu_shares, update.linux.memory_limit_in_bytes = 256, 450 << 20
    refused(CODE.INVALID_ARGUMENT, lambda: node.cri.UpdateContainerResources(update), "make the pod anew")
    assert limits() == [1024, 150000, 400 << 20], limits()


def ends(node):
    """What a guest does and what is done to it, as exit code and reason."""
    node.start()
    node.pull()
    before = on_node()
    config = pod("ends")
    sandbox = node.run(config)
    attempt = 0

    def running(is_ready=True):
        nonlocal attempt
        container = node.create(sandbox, config, machine(attempt=attempt))
        node.begin(container)
        if is_ready:
            wait_ready("ends", attempt=attempt)
        attempt += 1
        return container

    def told(status):
        return status.exit_code, status.reason

    # The guest powers itself off: it has done what it had to do.
    container = running()
    guest(container, "setsid sh -c 'sleep 1; poweroff' > /dev/null 2>&1 &")
    assert told(node.wait_ended(container)) == (0, "Completed"), node.status(container)
    refused(CODE.FAILED_PRECONDITION, lambda: node.begin(container), "exited")

    # A new attempt beside the old one, as kubelet makes it; QEMU is killed.
    container = running(is_ready=False)
    os.kill(lab.process(container), signal.SIGKILL)
    status = node.wait_ended(container)
    assert told(status) == (1, "EmulatorFailed") and "QEMU" in status.message, status

    # The guest's kernel panics.
    container = running()
    guest(container, "modprobe pvpanic_mmio; setsid sh -c 'sleep 1; echo c > /proc/sysrq-trigger' > /dev/null 2>&1 &")
    assert told(node.wait_ended(container)) == (134, "GuestPanicked"), node.status(container)

    # The kernel ends QEMU, because it takes more memory than the pod's limit.
    container = running()
    group = lab.CGROUPS / "memory" / lab.GROUP / "podends" / lab.domain(container)
    used = int((group / "memory.usage_in_bytes").read_text())
    (group / "memory.limit_in_bytes").write_text(str(used + (8 << 20)))
    guest(container, "python3 -c 'b\"x\" * (100 << 20)'")
    assert told(node.wait_ended(container)) == (137, "OOMKilled"), node.status(container)

    # No time to end by itself.
    container = running(is_ready=False)
    node.stop(container, seconds=0)
    assert told(node.status(container)) == (137, "Error"), node.status(container)
    assert len(node.cri.ListContainers(cri.ListContainersRequest()).containers) == 5
    node.remove_pod(sandbox)
    same(before, on_node())


def memory(node):
    """A guest can use all memory that it sees as free, and boots anew, within the pod's limit."""
    node.start()
    node.pull()
    before = on_node()
    config = pod("fills")
    sandbox = node.run(config)
    limit = 320 << 20
    container = node.create(sandbox, config, machine(memory=limit))
    assert re.search(f"container {container}: the guest has [0-9]+ MiB of the pod's memory limit", node.text()), node.text()[-2000:]
    node.begin(container)
    group = lab.CGROUPS / "memory" / lab.GROUP / "podfills" / lab.domain(container)
    qemu = lab.process(container)
    tree = ElementTree.fromstring(lab.virsh("dumpxml", lab.domain(container)))
    cache = int(tree.find("features/tcg/tb-cache").text) >> 10
    assert 16 <= cache <= 128, cache

    def full():
        # All that the guest has to give, touched page by page; then the guest compiles and reads for a while.
        answer = guest(container, "python3 - << 'E'\n" + FILL + "E\n")
        assert re.search(r"^filled \d+ of \d+ MiB$", answer.strip().splitlines()[-1]), answer
        most = int((group / "memory.max_usage_in_bytes").read_text())
        print(f"      the guest {answer.strip().splitlines()[-1]}; with QEMU {most >> 20} of {limit >> 20} MiB at most")

    wait_ready("fills")
    full()
    guest(container, "setsid sh -c 'sleep 1; reboot' > /dev/null 2>&1 &")
    until(lambda: log_of("fills").count("@@READY") == 2, 150, "a second @@READY")
    full()
    status = node.status(container)
    assert status.state == cri.CONTAINER_RUNNING and lab.process(container) == qemu, status
    assert "oom_kill 0" in (group / "memory.oom_control").read_text()
    # So small a pod as Virtlet's users have, and one with neither limit nor request, have a VM, too.
    node.stop(container, 0)
    for name, bytes_, words in [("small", 160 << 20, "of the pod's memory limit"), ("wild", 0, "1024 MiB, for the pod has neither")]:
        other = pod(name)
        sandboxed = node.run(other)
        made = node.create(sandboxed, other, machine(memory=bytes_))
        node.begin(made)
        assert node.status(made).state == cri.CONTAINER_RUNNING
        assert any(made in line and words in line for line in node.text().splitlines()), node.text()[-2000:]
        node.remove_pod(sandboxed)
    node.remove_pod(sandbox)
    same(before, on_node())


FILL = """
import os, re
free = int(re.search(r"MemAvailable: +(\\d+)", open("/proc/meminfo").read()).group(1)) >> 10
# What the kernel itself needs to go on is not the program's.
want = free - 12
blocks = []
for _ in range(want):
    block = bytearray(1 << 20)
    for place in range(0, len(block), 4096):
        block[place] = 1
    blocks.append(block)
for _ in range(3):
    compile("\\n".join(f"x{i} = {i} * 3" for i in range(300)), "x", "exec")
print("filled", len(blocks), "of", free, "MiB")
"""


def survival(node):
    """A guest answers 100 times a second while those who look after it are killed."""
    node.start()
    node.pull()
    before = on_node()
    config = pod("lives")
    sandbox = node.run(config)
    address = node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status.network.ip
    container = node.create(sandbox, config, machine())
    node.begin(container)
    wait_ready("lives")
    qemu = lab.process(container)
    with lab.Pings(container) as pings:
        node.kill()
        node.start()
        assert node.status(container).state == cri.CONTAINER_RUNNING
        lab.libvirtd_killed()
        until(lambda: lab.ready(node), 60, "readiness")
        node.kill()
        lab.libvirtd_killed()
        node.start()
        until(lambda: lab.ready(node), 60, "readiness")
        assert node.status(container).state == cri.CONTAINER_RUNNING
    pings.all_answered()
    assert lab.process(container) == qemu
    status = node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status
    assert status.state == cri.SANDBOX_READY and status.network.ip == address, status
    # The log goes on where it was: nothing is lost or told twice.
    guest(container, "echo @@AFTER > /dev/console")
    until(lambda: "@@AFTER" in log_of("lives"), 20, "further lines")
    assert log_of("lives").count("@@READY") == 1 and log_of("lives").count("@@AFTER") == 1
    # What ends while nobody looks is found.
    node.kill()
    os.kill(qemu, signal.SIGKILL)
    node.start()
    assert node.wait_ended(container).reason == "EmulatorFailed"
    node.remove_pod(sandbox)
    same(before, on_node())


def failures(node):
    """Each failure in words, and nothing left."""
    node.start("--log-level", "debug")
    node.pull()
    before = on_node()

    # No network configuration.
    lists = lab.WORK / "net.d" / "10-pods.conflist"
    text = lists.read_text()
    lists.unlink()
    condition = {c.type: c for c in node.cri.Status(cri.StatusRequest()).status.conditions}["NetworkReady"]
    assert not condition.status and "net.d" in condition.message, condition
    refused(CODE.UNAVAILABLE, lambda: node.run(pod("nonet")), "net.d")
    # A plugin that is not there; one that refuses.
    lists.write_text(text.replace('"contrail-cni"', '"no-such-plugin"'))
    refused(CODE.UNAVAILABLE, lambda: node.run(pod("noplugin")), "no-such-plugin")
    lists.write_text(text.replace('"mtu": 1450', '"mtu": 1450, "vrouter-port": 9, "poll-timeout": 1, "poll-retries": 1'))
    refused(CODE.INTERNAL, lambda: node.run(pod("noagent")), "127.0.0.1:9")
    lists.write_text(text)
    same(before, on_node())

    config = pod("fails")
    sandbox = node.run(config)
    ready = on_node()
    wrong = machine()
    wrong.image.image = "127.0.0.1:8088/absent.qcow2"
    refused(CODE.NOT_FOUND, lambda: node.create(sandbox, config, wrong), "absent.qcow2", "pull")
    refused(CODE.INVALID_ARGUMENT, lambda: node.create(sandbox, config, machine(memory=64 << 20)), "memory")
    wrong = machine()
    wrong.log_path = "../../../etc/passwd"
    refused(CODE.INVALID_ARGUMENT, lambda: node.create(sandbox, config, wrong), "log_path")
    same(ready, on_node())
    node.remove_pod(sandbox)
    same(before, on_node())


def crowd(node):
    """Forty pods at once, each asked for three times at once, some by callers that give up; out-of-order calls among them."""
    node.start()
    node.pull()
    before = on_node()
    names = [f"crowd{number}" for number in range(40)]
    configs = {name: pod(name, labels={"big": "x" * 20000}) for name in names}

    def run(name, patience=None):
        request = cri.RunPodSandboxRequest(config=configs[name])
        return node.cri.RunPodSandbox(request, timeout=patience).pod_sandbox_id

    with ThreadPoolExecutor(32) as threads:
        given_up = [threads.submit(swallow, lambda name=name: run(name, 0.05)) for name in names[::4]]
        asked = [(name, threads.submit(run, name)) for name in names for _ in range(3)]
        ids = {}
        for name, answer in asked:
            assert ids.setdefault(name, answer.result()) == answer.result(), name
        for call in given_up:
            call.result()
        assert len(set(ids.values())) == 40
        listed = node.cri.ListPodSandbox(cri.ListPodSandboxRequest()).items
        assert {item.id for item in listed} == set(ids.values())

        def status(identifier):
            request = cri.PodSandboxStatusRequest(pod_sandbox_id=identifier, verbose=True)
            return node.cri.PodSandboxStatus(request)

        answers = list(threads.map(status, ids.values()))
        for what, values in [
            ("addresses", [answer.status.network.ip for answer in answers]),
            ("users of QEMU", [answer.info["user"] for answer in answers]),
            ("namespaces", [answer.info["namespace"] for answer in answers]),
        ]:
            assert len(set(values)) == 40, f"{what}: {values}"

        # A container beside the removal of its sandbox: either one may come first.
        def create_beside_removal(name):
            swallow(lambda: node.create(ids[name], configs[name], machine()))

        made = [threads.submit(create_beside_removal, name) for name in names[:8]]
        removed = [threads.submit(node.remove_pod, identifier) for identifier in ids.values() for _ in range(2)]
        for call in made + removed:
            call.result()
    for name in names[:8]:
        refused(CODE.NOT_FOUND, lambda name=name: node.create(ids[name], configs[name], machine()))
    assert not node.cri.ListPodSandbox(cri.ListPodSandboxRequest()).items
    assert not node.cri.ListContainers(cri.ListContainersRequest()).containers
    same(before, on_node())


def kills(node):
    """vm-runtime is killed in the midst of each call, earlier and later; kubelet's further calls converge, and nothing is left."""
    node.start()
    node.pull()
    before = on_node()
    for round_, delay in enumerate([0.0005, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32]):
        name = f"kill{round_}"
        config = pod(name)

        def killed(call):
            """Kills vm-runtime so long after a call has begun, and starts it anew."""
            stub = node.runtime()
            call_ = threading.Thread(target=lambda: swallow(lambda: call(stub)))
            call_.start()
            time.sleep(delay)
            node.kill()
            call_.join(20)
            node.start()

        killed(lambda cri_: cri_.RunPodSandbox(cri.RunPodSandboxRequest(config=config)))
        sandbox = again(lambda: node.run(config))
        killed(lambda cri_: cri_.CreateContainer(lab.creation(sandbox, config, machine())))
        container = again(lambda: node.create(sandbox, config, machine()))
        killed(lambda cri_: cri_.StartContainer(cri.StartContainerRequest(container_id=container)))
        # What was being started has ended: kubelet makes another one.
        if node.status(container).state == cri.CONTAINER_CREATED:
            node.begin(container)
        if node.status(container).state == cri.CONTAINER_EXITED:
            container = node.create(sandbox, config, machine(attempt=1))
            node.begin(container)
        assert node.status(container).state == cri.CONTAINER_RUNNING
        killed(lambda cri_: cri_.StopContainer(cri.StopContainerRequest(container_id=container, timeout=0)))
        node.stop(container, seconds=0)
        killed(lambda cri_: cri_.RemoveContainer(cri.RemoveContainerRequest(container_id=container)))
        killed(lambda cri_: cri_.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=sandbox)))
        killed(lambda cri_: cri_.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=sandbox)))
        node.remove_pod(sandbox)
        same(before, on_node())
    print(f"      {7 * (round_ + 1)} kills, nothing left")


def firmware(node):
    """With UEFI the firmware itself is heard on the console: the guest image here boots by BIOS alone."""
    node.start()
    node.pull()
    before = on_node()
    config = pod("uefi", annotations={"contrail-vm/firmware": "uefi"})
    sandbox = node.run(config)
    container = node.create(sandbox, config, machine())
    node.begin(container)
    lab.until(lambda: "BdsDxe: " in log_of("uefi"), 120, "word of UEFI on the console")
    node.stop(container, 0)
    node.remove_pod(sandbox)
    same(before, on_node())


def swallow(call):
    try:
        call()
    except (grpc.RpcError, ValueError):
        pass


def again(call):
    """A call as kubelet makes it: once more where it fails."""
    try:
        return call()
    except grpc.RpcError:
        return call()


def confined(container, memory, parent):
    """QEMU is a user of its own without capabilities, in the pod's cgroup with its limits."""
    process = pathlib.Path(f"/proc/{lab.process(container)}")
    told = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    assert 66000 <= int(told["Uid"].split()[0]) < 66900, told["Uid"]
    for kind in ("CapPrm", "CapEff", "CapBnd", "CapAmb", "CapInh"):
        assert kind == "CapBnd" or int(told[kind], 16) == 0, f"{kind} {told[kind]}"
    assert told["NoNewPrivs"] == "1" and told["Seccomp"] == "2", told
    own = f"{parent}/{lab.domain(container)}"
    groups = (process / "cgroup").read_text()
    for controller in ("memory", "cpu", "cpuset"):
        assert f":{controller}:{own}\n" in groups, groups
    assert int((lab.CGROUPS / f"memory{own}/memory.limit_in_bytes").read_text()) == memory
    assert int((lab.CGROUPS / f"cpu{own}/cpu.shares").read_text()) == 512


if __name__ == "__main__":
    lab.main(life, ends, memory, survival, failures, crowd, kills, firmware)
