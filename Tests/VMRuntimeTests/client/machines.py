# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""An operator's machines, by vmctl and inside the lab, with an emulator that has no guest (Tests/VMRuntimeTests/node CHECK...)."""

import json
import os
import pathlib
import re
import socket
import stat
import subprocess
import time
import urllib.request

import grpc
from cri_api.v1 import api_pb2 as cri
from cri_api.v1 import api_pb2_grpc as stubs

import lab
from lab import machine, main, on_node, pod, same, until
from scale import prepared
from server import OPTIONS, refused

CODE = grpc.StatusCode
LISTS = pathlib.Path(os.environ["LAB_LISTS"])


class Operator:
    """vmctl at a node's socket for operators."""

    def __init__(self, node):
        self.environment = {**os.environ, "CONTRAIL_VM_OPERATOR_SOCKET": str(node.operators)}
        self.program = os.path.join(os.environ["CONTRAIL_VM_PROGRAMS"], "vmctl")

    def start(self, *arguments):
        return subprocess.Popen(
            [self.program, *arguments], env=self.environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __call__(self, *arguments, status=0, told=""):
        done = subprocess.run(
            [self.program, *arguments], env=self.environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == status, f"{arguments}: {done.returncode}: {done.stdout}{done.stderr}"
        assert told in done.stdout + done.stderr, f"{arguments}: {told!r} is not in {done.stdout}{done.stderr}"
        return done.stdout

    def run(self, name, *more, network=("--net-conf", str(LISTS / "bridged.conflist")), **how):
        return self("run", name, "--image", lab.IMAGE, "--memory", "64", *network, *more, **how)

    def listed(self):
        """What ps shows, by name."""
        head, *lines = self("ps").splitlines()
        assert head.split() == ["NAME", "STATE", "ACCEL", "VCPUS", "MEMORY", "UID", "DOMAIN", "ADDRESSES"], head
        return {line.split()[0]: line.split()[1:] for line in lines}


def at_operators(node):
    channel = grpc.insecure_channel(f"unix://{node.operators}", options=[*OPTIONS, ("grpc.use_local_subchannel_pool", 1)])
    return stubs.RuntimeServiceStub(channel)


def sandbox_of(node, name):
    wanted = cri.PodSandboxFilter(label_selector={"contrail-vm/machine": name})
    return at_operators(node).ListPodSandbox(cri.ListPodSandboxRequest(filter=wanted)).items[0].id


def housekeeping(node, sandbox, container):
    """What kubelet does with pods that its sources lack, and with ids that it should not know."""
    kubelet = node.cri
    assert not kubelet.ListPodSandbox(cri.ListPodSandboxRequest()).items
    assert not kubelet.ListContainers(cri.ListContainersRequest()).containers
    assert not kubelet.ListPodSandboxStats(cri.ListPodSandboxStatsRequest()).stats
    assert not kubelet.ListContainerStats(cri.ListContainerStatsRequest()).stats
    by_id = cri.PodSandboxFilter(id=sandbox)
    assert not kubelet.ListPodSandbox(cri.ListPodSandboxRequest(filter=by_id)).items
    for known in (sandbox, sandbox[:13]):
        kubelet.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=known))
        kubelet.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=known))
        refused(CODE.NOT_FOUND, lambda: kubelet.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=known)))
        refused(CODE.NOT_FOUND, lambda: kubelet.PodSandboxStats(cri.PodSandboxStatsRequest(pod_sandbox_id=known)))
        refused(CODE.NOT_FOUND, lambda: kubelet.CreateContainer(lab.creation(known, pod("alien"), machine("alien"))))
    for known in (container, container[:13]):
        kubelet.StopContainer(cri.StopContainerRequest(container_id=known, timeout=0))
        kubelet.RemoveContainer(cri.RemoveContainerRequest(container_id=known))
        refused(CODE.NOT_FOUND, lambda: kubelet.StartContainer(cri.StartContainerRequest(container_id=known)))
        refused(CODE.NOT_FOUND, lambda: kubelet.ContainerStatus(cri.ContainerStatusRequest(container_id=known)))
        refused(CODE.NOT_FOUND, lambda: kubelet.ContainerStats(cri.ContainerStatsRequest(container_id=known)))
        refused(CODE.NOT_FOUND, lambda: kubelet.ReopenContainerLog(cri.ReopenContainerLogRequest(container_id=known)))
        update = cri.UpdateContainerResourcesRequest(container_id=known, linux=cri.LinuxContainerResources(cpu_shares=2))
        refused(CODE.NOT_FOUND, lambda: kubelet.UpdateContainerResources(update))


def machines(node):
    """A machine lives on the operator's socket; kubelet's housekeeping leaves it alone, and the operator kubelet's pods."""
    before = prepared(node)
    vmctl = Operator(node)
    assert stat.S_IMODE(os.stat(node.operators).st_mode) == 0o600
    vmctl.run("web", told="web")
    state, accelerator, vcpus, memory, _, user, domain, addresses = vmctl.listed()["web"]
    assert (state, accelerator, vcpus, memory) == ("running", "tcg", "1", "64"), vmctl("ps")
    process = int(pathlib.Path(f"/run/libvirt/qemu/{domain}.pid").read_text())
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    assert re.search(rf"^Uid:\s+{user}\s+{user}", status, re.M) and 66000 <= int(user) < 66900, status
    assert addresses.startswith("10.47."), addresses
    sandbox = sandbox_of(node, "web")
    container = at_operators(node).ListContainers(cri.ListContainersRequest()).containers[0].id
    housekeeping(node, sandbox, container)

    # kubelet's pod is shown to the operator, who ends it at most.
    config = pod("shop", labels={"contrail-vm/machine": "web"})
    kubelets = node.run(config)
    vm = node.create(kubelets, config, machine())
    node.begin(vm)
    # The same metadata at the other socket is another pod.
    assert node.run(config) == kubelets
    assert vmctl.listed()["default/shop"][0] == "running"
    assert vmctl.listed()["web"][6] == domain, "its label names no machine"
    assert [item.id for item in node.cri.ListPodSandbox(cri.ListPodSandboxRequest()).items] == [kubelets]
    operators = at_operators(node)
    refused(CODE.FAILED_PRECONDITION, lambda: operators.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=kubelets)), "kubelet's")
    refused(CODE.FAILED_PRECONDITION, lambda: operators.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=kubelets)), "kubelet's")
    refused(CODE.FAILED_PRECONDITION, lambda: operators.RemoveContainer(cri.RemoveContainerRequest(container_id=vm)), "kubelet's")
    vmctl("rm", "default/shop", status=1, told="kubectl delete pod")
    vmctl("stop", "default/shop", told="default/shop shut down.")
    assert node.status(vm).state == cri.CONTAINER_EXITED

    # It outlives vm-runtime, and is an operator's after that, too.
    node.kill()
    node.start()
    assert vmctl.listed()["web"][0] == "running"
    assert int(pathlib.Path(f"/run/libvirt/qemu/{domain}.pid").read_text()) == process
    node.remove_pod(kubelets)
    housekeeping(node, sandbox, container)

    vmctl.run("web", status=1, told="there is a machine web already")
    vmctl("stop", "web", told="web shut down.")
    vmctl("stop", "web", told="web does not run.")
    assert vmctl.listed()["web"][0] == "stopped"
    vmctl("console", "web", status=1, told="vmctl console --log web")

    # What a sandbox has can be another machine's, which leaves it there.
    vmctl.run("guest", network=("--sandbox", sandbox))
    assert vmctl.listed()["guest"][-1] == addresses
    vmctl("rm", "guest")
    record = pathlib.Path(os.environ["CONTRAIL_VM_RUN_DIR"]) / "interfaces" / sandbox / "eth0.json"
    assert json.loads(record.read_text())["schema"], "it is another's"
    vmctl("rm", "web", "web", told="There is no machine web.")

    vmctl.run("alone", network=("--no-network",))
    assert vmctl.listed()["alone"][-1].startswith("cvm-"), "it has no address"
    vmctl("rm", "alone")
    assert not vmctl.listed()
    same(before, on_node())


def consoles(node):
    """A console is one operator's at a time; what is typed reaches the guest; and waiting for a guest has an end."""
    before = prepared(node)
    vmctl = Operator(node)
    vmctl.run("web", "--wait", "console:nothing that it writes", "--timeout", "2", status=1, told="was not up within 2.0 s")
    vmctl("run", "web", "--image", lab.IMAGE, "--no-network", status=1, told="there is a machine web already")
    first = vmctl.start("console", "web")
    until(lambda: "its console is open" in node.text(), 10, "console")
    vmctl("console", "web", status=1, told="open elsewhere")
    first.stdin.write("typed\x1d")
    first.stdin.flush()
    _, errors = first.communicate(timeout=10)
    assert first.returncode == 0, errors
    until(lambda: vmctl.start("console", "web").communicate("", timeout=20)[1].count("elsewhere") == 0, 10, "free console")
    vmctl("console", "--log", "web")
    vmctl("rm", "web")
    same(before, on_node())


def unmakeable(node):
    """What can't be made is refused in words, and leaves nothing."""
    before = prepared(node)
    vmctl = Operator(node)
    vmctl.run("web", network=("--sandbox", "nobodys"), status=1, told="there is no record in")
    vmctl.run("Web", status=1, told="can't be a machine's name")
    vmctl("run", "web", "--image", "unheard.of/x", "--no-network", status=1, told="pull it first")
    vmctl("run", "web", "--image", "/etc/passwd", "--no-network", status=1, told="cannot use the image /etc/passwd")
    broken = lab.WORK / "broken.conflist"
    broken.write_text('{"cniVersion": "1.0.0", "name": "x", "plugins": [{"type": "not-there"}]}')
    vmctl.run("web", network=("--net-conf", str(broken)), status=1, told="not-there")
    vmctl("stop", "web", status=1, told="There is no machine web.")
    assert not vmctl.listed()
    same(before, on_node())
    node.terminate()
    node.wait()
    vmctl("ps", status=1, told="systemctl start vm-runtime")
    node.start()


def interrupted(node):
    """vmctl killed at any time of a run: rm removes what came of it, also while the run goes on."""
    before = prepared(node)
    vmctl = Operator(node)
    for milliseconds in (5, 15, 30, 60, 120, 250, 500):
        run = vmctl.start("run", "web", "--image", lab.IMAGE, "--memory", "64", "--net-conf", str(LISTS / "bridged.conflist"))
        time.sleep(milliseconds / 1000)
        run.kill()
        run.communicate()
        vmctl("rm", "web")
        assert not vmctl.listed(), f"after {milliseconds} ms"
    same(before, on_node())
    # vm-runtime killed: what is left is removed by the next one, or by rm.
    for milliseconds in (30, 120, 250):
        run = vmctl.start("run", "web", "--image", lab.IMAGE, "--memory", "64", "--net-conf", str(LISTS / "bridged.conflist"))
        time.sleep(milliseconds / 1000)
        node.kill()
        run.communicate(timeout=20)
        node.start()
        assert set(vmctl.listed()) <= {"web"}
        vmctl("rm", "web")
        assert not vmctl.listed(), f"after {milliseconds} ms"
    until(lambda: on_node() == before, 20, "tidy node")
    same(before, on_node())


def metered(node):
    """Prometheus is told of calls, VMs, starts, images and debts."""

    def samples():
        # What is told is gathered once a second.
        time.sleep(1.1)
        with urllib.request.urlopen("http://127.0.0.1:9813/metrics", timeout=10) as answer:
            text = answer.read().decode()
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        for name in {re.match(r"[a-z_]+", line).group() for line in lines}:
            assert f"# TYPE {re.sub('_(bucket|sum|count)$', '', name)} " in text, name
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}

    node.start("--metrics", "127.0.0.1:9813")
    node.pull()
    before = samples()
    assert before['contrail_vm_runtime_build_info{version="0.1.0"}'] == 1
    assert before['contrail_vm_vms{state="running"}'] == before["contrail_vm_start_duration_seconds_count"] == 0
    assert before["contrail_vm_images"] == 1 and before["contrail_vm_image_bytes"] > 0
    vmctl = Operator(node)
    vmctl.run("web")
    vmctl.run("web", status=1)
    after = samples()
    assert after['contrail_vm_calls_total{call="RunMachine",result="ok"}'] == 1
    assert after['contrail_vm_calls_total{call="RunMachine",result="alreadyExists"}'] == 1
    assert after['contrail_vm_vms{state="running"}'] == 1
    assert after["contrail_vm_start_duration_seconds_count"] == after['contrail_vm_start_duration_seconds_bucket{le="+Inf"}'] == 1
    assert 0 < after["contrail_vm_start_duration_seconds_sum"] < 60
    assert after["contrail_vm_debts"] == 0
    vmctl("stop", "web")
    assert samples()['contrail_vm_vms{state="exited"}'] == 1
    vmctl("rm", "web")
    with socket.create_connection(("127.0.0.1", 9813)) as idle:
        node.terminate()
        assert node.wait() == 0
        idle.close()


if __name__ == "__main__":
    main(machines, consoles, unmakeable, interrupted, metered)
