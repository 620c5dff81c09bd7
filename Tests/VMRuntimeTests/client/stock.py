# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""Checks of a stock Debian node, inside it (Tests/VMRuntimeTests/stock). They build on one another; each boot goes on where the
boot before it ended."""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import time
import traceback

import grpc
from cri_api.v1 import api_pb2 as cri
from cri_api.v1 import api_pb2_grpc as stubs

ROOT = pathlib.Path(__file__).resolve().parents[3]
NOTES = pathlib.Path("/var/lib/node-test.json")
SOCKET = "/run/contrail-vm/vm-runtime.sock"
IMAGE = "127.0.0.1:8088/guest.qcow2"
LISTS = pathlib.Path("/etc/cni/net.d")
PODS = pathlib.Path("/var/lib/contrail-vm/pods")
AGENT = """[Unit]
Description=Stands for the vRouter agent
[Service]
Type=exec
# The vRouter's own interface, whose MTU pods' follow.
ExecStartPre=-/usr/sbin/ip link add vhost0 type dummy
ExecStart=/usr/local/bin/vrouter-sim --config /usr/local/share/doc/contrail-vm/conf/vrouter-sim.json
[Install]
WantedBy=multi-user.target
"""
IMAGES = f"""[Unit]
Description=Serves images
[Service]
Type=exec
ExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory {ROOT}/.build-node 8088
[Install]
WantedBy=multi-user.target
"""
NUMBERED = re.compile(r"guest (\d{5})$")


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert not check or done.returncode == 0, f"{' '.join(command)}: {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def until(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.5)
    raise AssertionError(f"no {what} within {seconds} s")


class Node:
    """What the checks share, and note for the next boot."""

    def __init__(self):
        self.notes = json.loads(NOTES.read_text()) if NOTES.exists() else {"stage": 0, "passed": 0, "failed": 0}
        self.connect()

    def connect(self):
        channel = grpc.insecure_channel(f"unix://{SOCKET}", options=[("grpc.use_local_subchannel_pool", 1)])
        self.cri, self.images = stubs.RuntimeServiceStub(channel), stubs.ImageServiceStub(channel)

    def note(self, **values):
        self.notes.update(values)
        NOTES.write_text(json.dumps(self.notes))
        os.sync()

    def conditions(self):
        status = self.cri.Status(cri.StatusRequest(verbose=True), timeout=60).status
        return {condition.type: condition for condition in status.conditions}

    def ready(self):
        return all(condition.status for condition in self.conditions().values())

    def sandboxes(self):
        return {item.id: item.state for item in self.cri.ListPodSandbox(cri.ListPodSandboxRequest()).items}

    def status(self, container):
        return self.cri.ContainerStatus(cri.ContainerStatusRequest(container_id=container)).status

    def pull(self):
        return self.images.PullImage(cri.PullImageRequest(image=cri.ImageSpec(image=IMAGE)), timeout=120).image_ref

    def config(self, name, attempt=0):
        folder = pathlib.Path(f"/var/log/pods/default_{name}_uid-{name}")
        metadata = cri.PodSandboxMetadata(name=name, uid=f"uid-{name}", namespace="default", attempt=attempt)
        config = cri.PodSandboxConfig(metadata=metadata, hostname=name, log_directory=str(folder))
        config.linux.cgroup_parent = f"kubepods-pod{name}.slice"
        return config

    def run_pod(self, name, attempt=0, memory=320 << 20):
        """A sandbox and its container, which is not started."""
        config = self.config(name, attempt)
        sandbox = self.cri.RunPodSandbox(cri.RunPodSandboxRequest(config=config), timeout=120).pod_sandbox_id
        container = cri.ContainerConfig(
            metadata=cri.ContainerMetadata(name="vm", attempt=attempt), image=cri.ImageSpec(image=IMAGE), log_path=f"vm/{attempt}.log")
        container.linux.resources.memory_limit_in_bytes = memory
        request = cri.CreateContainerRequest(pod_sandbox_id=sandbox, config=container, sandbox_config=config)
        return sandbox, self.cri.CreateContainer(request, timeout=180).container_id

    def start(self, container):
        self.cri.StartContainer(cri.StartContainerRequest(container_id=container), timeout=290)

    def stop(self, container, seconds=30):
        self.cri.StopContainer(cri.StopContainerRequest(container_id=container, timeout=seconds), timeout=seconds + 60)

    def remove_pod(self, sandbox):
        self.cri.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=sandbox), timeout=120)
        self.cri.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=sandbox), timeout=120)


def lines(name, attempt=0):
    """The lines of a pod's log, as whoever reads it sees them: a part goes on in the next one."""
    path = pathlib.Path(f"/var/log/pods/default_{name}_uid-{name}/vm/{attempt}.log")
    text = path.read_text(errors="replace") if path.exists() else ""
    pieces = (line.split(" ", 3) for line in text.split("\n") if line)
    return "".join(piece[3] + ("\n" if piece[2] == "F" else "") for piece in pieces).splitlines()


def numbers(name, attempt=0):
    return [int(match.group(1)) for match in map(NUMBERED.search, lines(name, attempt)) if match]


def goes_on(name, attempt=0, most=120):
    """The guest's lines come, each once and in order."""
    begun = len(numbers(name, attempt))
    until(lambda: len(numbers(name, attempt)) > begun + 10, most, f"further lines of {name}'s guest")
    found = numbers(name, attempt)
    assert found == list(range(len(found))), f"lines are missing or doubled: {found[-30:]}"


def emulator(container):
    return int(pathlib.Path(f"/run/libvirt/qemu/cvm-{container[:16]}.pid").read_text())


def service(name):
    return int(run("systemctl", "show", "-p", "MainPID", "--value", name))


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


# The first boot


def stock(node):
    """The node is as Debian's packages make it."""
    assert (mode("/var/lib/libvirt/qemu"), mode("/etc/libvirt/qemu.conf")) == (0o750, 0o600)
    lines_in_use = [line for line in pathlib.Path("/etc/libvirt/qemu.conf").read_text().splitlines() if line and not line.startswith("#")]
    assert not lines_in_use, lines_in_use
    assert "masked" not in run("systemctl", "list-unit-files", "--no-pager", "libvirt*", "virt*", "apparmor*", "systemd-tmpfiles*")
    assert "libvirtd (enforce)" in pathlib.Path("/sys/kernel/security/apparmor/profiles").read_text()
    assert not pathlib.Path("/usr/local/bin/vm-runtime").exists()


def installed(node):
    """`make install`, networks and units are all that it takes."""
    pathlib.Path("/etc/systemd/system/contrail-vrouter-agent.service").write_text(AGENT)
    pathlib.Path("/etc/systemd/system/images.service").write_text(IMAGES)
    run("make", "-C", str(ROOT), "-o", "build", "install")
    LISTS.mkdir(parents=True)
    shutil.copy(ROOT / "conf/net.d/10-contrail.conflist", LISTS)
    for program in ("bridge", "host-local"):
        os.symlink(f"/usr/lib/cni/{program}", f"/opt/cni/bin/{program}")
    pathlib.Path("/etc/contrail-vm").mkdir()
    pathlib.Path("/etc/contrail-vm/vm-runtime.yaml").write_text(f"image-download-protocol: http\nimage-local-addresses: {IMAGE.split(chr(47))[0]}\n")
    services = ("contrail-vrouter-agent", "images", "port-sync", "vm-runtime")
    # What `enable --now` does, but for reading all units once more, which takes ten seconds here.
    run("systemctl", "enable", "--no-reload", *services)
    run("systemctl", "start", *services)
    until(lambda: run("systemctl", "is-active", "vm-runtime", "port-sync", check=False).split() == ["active"] * 2, 120, "services")
    assert node.ready(), node.conditions()


def unit(node):
    """vm-runtime sees the node's mounts, makes what may be seen by others, and has descriptors enough."""
    process = service("vm-runtime")
    assert os.readlink(f"/proc/{process}/ns/mnt") == os.readlink("/proc/1/ns/mnt")
    limit = re.search(r"Max open files\s+(\d+)", pathlib.Path(f"/proc/{process}/limits").read_text()).group(1)
    assert int(limit) >= 65536, limit
    assert mode("/var/lib/contrail-vm") == mode(PODS) == mode("/var/lib/contrail-vm/images/data") == 0o711
    doctor = run("/usr/local/bin/vmctl", "doctor", check=False)
    assert not re.search(r"^fail", doctor, re.M), doctor


def pulled(node):
    """An image is pulled, and QEMU's users may read it."""
    assert node.pull().startswith("sha256:")


def confined(container):
    process = emulator(container)
    text = pathlib.Path(f"/proc/{process}/status").read_text()
    uid = int(re.search(r"^Uid:\s+(\d+)", text, re.M).group(1))
    assert uid >= 64100, uid
    assert re.search(r"^CapEff:\s+0+$", text, re.M) and re.search(r"^CapPrm:\s+0+$", text, re.M), text
    assert re.search(r"^NoNewPrivs:\s+1$", text, re.M), text
    profile = pathlib.Path(f"/proc/{process}/attr/current").read_text().strip("\0\n")
    assert re.fullmatch(r"libvirt-[0-9a-f-]{36} \(enforce\)", profile), profile
    group = pathlib.Path(f"/proc/{process}/cgroup").read_text()
    assert f"cvm-{container[:16]}.scope" in group, group


def pods(node):
    """Two VM pods, started at once: on contrail-cni, where the tap is the vRouter's port, and on a container's veth, by tap-bridge."""
    direct = node.run_pod("direct")
    (LISTS / "10-contrail.conflist").unlink()
    shutil.copy(ROOT / "conf/net.d/20-bridge-for-vms.conflist", LISTS)
    bridged = node.run_pod("bridged")
    # virtlogd's limit is 2 MiB: some seconds of this guest's lines are left.
    os.truncate(console(direct[1]), (2 << 20) - 800)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda pod: node.start(pod[1]), (direct, bridged)))
    for name, (_, container) in (("direct", direct), ("bridged", bridged)):
        goes_on(name)
        confined(container)
    node.note(direct=direct, bridged=bridged)


def console(container, suffix=""):
    return PODS / container / f"console.log{suffix}"


def rotated(node):
    """The log goes on where virtlogd begins a new file of a console, and nothing is lost."""
    until(lambda: console(node.notes["direct"][1], ".0").exists(), 60, "rotation")
    goes_on("direct")


def same_vms(node, before):
    for name in before:
        sandbox, container = node.notes[name]
        assert node.sandboxes()[sandbox] == cri.SANDBOX_READY, name
        assert node.status(container).state == cri.CONTAINER_RUNNING, node.status(container)
        assert emulator(container) == before[name], name
        goes_on(name)


def processes(node):
    return {name: emulator(node.notes[name][1]) for name in ("direct", "bridged")}


def restarted(node):
    """VMs, their networks and their logs go on while vm-runtime and libvirtd are restarted."""
    before = processes(node)
    for name in ("vm-runtime", "libvirtd"):
        run("systemctl", "restart", name)
        until(node.ready, 120, "readiness")
        same_vms(node, before)


def upgraded(node):
    """A new version is installed over the old one, and takes the VMs over."""
    before = processes(node)
    run("make", "-C", str(ROOT), "-o", "build", "install")
    old = service("vm-runtime")
    assert os.readlink(f"/proc/{old}/exe").endswith("(deleted)")
    run("systemctl", "restart", "vm-runtime", "port-sync")
    until(node.ready, 120, "readiness")
    assert os.readlink(f"/proc/{service('vm-runtime')}/exe") == "/usr/local/bin/vm-runtime"
    same_vms(node, before)


def stopped(node):
    """StopContainer presses the power button, and the log has the guest's last word."""
    _, container = node.notes["direct"]
    node.stop(container)
    status = node.status(container)
    assert (status.state, status.exit_code, status.reason) == (cri.CONTAINER_EXITED, 0, "Completed"), status
    assert lines("direct")[-1].endswith("the power button was pressed"), lines("direct")[-3:]


def lifeless(node):
    """A sandbox whose namespace is dead is not ready, and is removed."""
    sandbox, container = node.notes["direct"]
    namespace = f"/run/netns/cvm-{sandbox[:16]}"
    run("umount", namespace)
    assert node.sandboxes()[sandbox] == cri.SANDBOX_NOTREADY
    status = node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status
    assert status.state == cri.SANDBOX_NOTREADY, status
    node.remove_pod(sandbox)
    assert not os.path.exists(namespace) and not (PODS / container).exists()


def reboot(_):
    """The node is started anew, as an operator does it; the next stage is another boot's."""
    os.sync()
    subprocess.run(["systemctl", "reboot"], check=True)
    time.sleep(300)
    raise AssertionError("the node was not started anew")


# The second boot


def rebooted(node):
    """After a reboot services are up again, pods are not ready, and what ran has ended."""
    until(lambda: run("systemctl", "is-active", "vm-runtime", "port-sync", check=False).split() == ["active"] * 2, 120, "services")
    until(node.ready, 120, "readiness")
    sandbox, container = node.notes["bridged"]
    assert node.sandboxes()[sandbox] == cri.SANDBOX_NOTREADY
    status = node.status(container)
    assert status.state == cri.CONTAINER_EXITED, status
    # libvirt-guests presses the power button of all VMs first; vm-runtime may have ended before that one did.
    assert (status.exit_code, status.reason) in [(255, "NodeRestarted"), (0, "Completed")], status


def again(node):
    """The pod is made anew, and its guest runs."""
    shutil.copy(ROOT / "conf/net.d/10-contrail.conflist", LISTS)
    sandbox, container = node.run_pod("direct", 1)
    node.start(container)
    goes_on("direct", 1)
    confined(container)
    node.note(direct=(sandbox, container))


def removed(node):
    """When all pods are removed nothing of them is left."""
    for sandbox in list(node.sandboxes()):
        node.remove_pod(sandbox)
    assert not node.sandboxes() and not node.cri.ListContainers(cri.ListContainersRequest()).containers
    left = {
        "namespaces": list(pathlib.Path("/run/netns").glob("cvm-*")),
        "folders": list(PODS.iterdir()),
        "sandboxes": list(pathlib.Path("/run/contrail-vm/sandboxes").glob("*.json")),
        "interfaces": list(pathlib.Path("/run/contrail-vm/interfaces").glob("*")),
        "domains": run("virsh", "-q", "list", "--all", "--name").split(),
        "scopes": list(pathlib.Path("/sys/fs/cgroup").rglob("cvm-*")),
        "ports": [path for path in pathlib.Path("/var/lib/contrail/ports/vm").rglob("*") if path.is_file()],
        "links": [link["ifname"] for link in json.loads(run("ip", "-j", "link")) if re.match("tap|veth|cv", link["ifname"])],
        "profiles": [path.name for path in pathlib.Path("/etc/apparmor.d/libvirt").glob("libvirt-*")],
        "locks": list(pathlib.Path("/run/contrail-vm/locks").glob("*")),
    }
    assert not any(left.values()), {key: list(map(str, value)) for key, value in left.items() if value}


# A guest with a kernel and cloud-init


def guest(node):
    """A real guest boots, is told its network, and answers on it."""
    sandbox, container = node.run_pod("guest", memory=400 << 20)
    node.start(container)
    until(lambda: any("@@READY" in line for line in lines("guest")), 1800, "guest that is ready")
    confined(container)
    address = node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status.network.ip
    run("ping", "-c", "3", "-W", "20", address)
    node.stop(container, 300)
    assert node.status(container).reason == "Completed", node.status(container)


STAGES = {
    "stock": [
        [stock, installed, unit, pulled, pods, rotated, restarted, upgraded, stopped, lifeless, reboot],
        [rebooted, again, removed],
    ],
    "guest": [[stock, installed, pulled, guest, removed]],
}


def tell():
    """What the services and the kernel told, after a failure."""
    for name in ("vm-runtime", "port-sync", "libvirtd", "virtlogd"):
        print(f"-- {name}\n" + run("journalctl", "-b", "--no-pager", "-n", "25", "-o", "cat", "-u", name, check=False)[-3000:])
    denied = run("journalctl", "-b", "--no-pager", "-k", "-g", "apparmor=.DENIED", "-o", "cat", check=False)
    print(f"-- denied by AppArmor\n{denied[-4000:]}", flush=True)


def main():
    node = Node()
    stages = STAGES[sys.argv[1]]
    stage = node.notes["stage"]
    node.note(stage=stage + 1)
    for check in stages[stage]:
        begin = time.monotonic()
        if check is not reboot:
            node.notes["passed"] += 1
        node.note()
        try:
            check(node)
            print(f"ok    {check.__name__} ({time.monotonic() - begin:.0f} s): {check.__doc__}", flush=True)
        except Exception:  # pylint: disable=broad-except
            node.notes["passed"] -= 1
            node.notes["failed"] += 1
            node.note()
            print(f"WRONG {check.__name__} ({time.monotonic() - begin:.0f} s): {check.__doc__}\n{traceback.format_exc()}")
            tell()
            # The others need what this one leaves, and would hide its words behind theirs.
            break
    print(f"{node.notes['passed']} passed, {node.notes['failed']} failed", flush=True)
    sys.exit(1 if node.notes["failed"] else 0)


if __name__ == "__main__":
    main()
