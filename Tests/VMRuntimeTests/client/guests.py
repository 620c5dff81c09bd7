# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""Checks of what guests see and do, of a node's reboot and of vm-runtime's upgrade: guests.py CHECK, inside a lab."""

import base64
import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import grpc
from cri_api.v1 import api_pb2 as cri

import lab
from lab import guest, log_of, machine, main, on_node, pod, same, until, wait_ready
from server import refused

CODE = grpc.StatusCode
CLUSTER_DNS = ["10.96.0.10", "fd00:96::10"]
# A variable of each kind that a careless writer of the file would spoil.
VARIABLES = {
    "PLAIN": "/srv/data", "EMPTY": "", "SPACES": "  two  words ", "QUOTES": "say \"hi\" and 'bye'",
    "DOLLAR": "$HOME ${PATH} $(id) `id` $5", "BACKSLASH": "C:\\new\\\\x \\$", "LINES": "one\ntwo\n\nfour\n",
    "HASH": "# no comment", "UNICODE": "Grüße, 世界", "SEMICOLON": "a; reboot & b | c > d", "MARK": "a=b!c*?[d]~",
}
# User-data that only cloud-init can read, with lists like ours.
ARCHIVE = """Content-Type: multipart/mixed; boundary="=b="
MIME-Version: 1.0

--=b=
Content-Type: text/cloud-config

#cloud-config
runcmd: [[touch, /srv/theirs]]
write_files: [{path: /srv/file, content: whole}]
--=b=--
"""


def simulator(switch, value):
    """Changes vrouter-sim while it runs."""
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(lab.WORK / "sim" / "control.sock"))
        control.sendall(json.dumps({"command": "set", "switch": switch, "value": value}).encode() + b"\n")
        answer = json.loads(control.makefile().readline())
    assert answer["ok"], answer


def addresses(node, sandbox):
    network = node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status.network
    return [network.ip, *(more.ip for more in network.additional_ips)]


def network(container):
    """What a guest knows of its network, told by itself."""
    text = guest(container, "ip -j addr; ip -j -4 route; ip -j -6 route; cat /etc/resolv.conf")
    links, v4, v6, *resolver = text.splitlines()
    link = next(link for link in json.loads(links) if link["ifname"] != "lo")
    return {
        "mac": link["address"],
        "mtu": link["mtu"],
        "addresses": {f"{it['local']}/{it['prefixlen']}" for it in link["addr_info"] if it["scope"] == "global"},
        "gateways": {r["gateway"] for routes in (v4, v6) for r in json.loads(routes) if r["dst"] == "default"},
        "servers": [line.split()[1] for line in resolver if line.startswith("nameserver ")],
        "search": [word for line in resolver if line.startswith("search ") for word in line.split()[1:]],
    }


def mac(sandbox):
    record = lab.WORK / "run" / "interfaces" / sandbox / "eth0.json"
    return json.loads(record.read_text())["guest"]["mac"]


def source(container):
    """Where cloud-init found what it was told."""
    return json.loads(guest(container, "cat /run/cloud-init/result.json"))["v1"]["datasource"]


def volume(uid, name, files):
    """A config map as kubelet mounts it."""
    folder = lab.WORK / "kubelet" / "pods" / uid / "volumes" / "kubernetes.io~configmap" / name
    (folder / "..version").mkdir(parents=True)
    (folder / "..data").symlink_to("..version")
    for key, text in files.items():
        (folder / "..version" / key).write_text(text)
    return folder


def told_by_cluster(config):
    config.dns_config.servers.extend(CLUSTER_DNS)
    config.dns_config.searches.extend(["default.svc.cluster.local", "svc.cluster.local"])
    config.dns_config.options.append("ndots:5")
    return config


def boots(node):
    """A guest that has only DHCP, and one that has only cloud-init, from a ConfigDrive."""
    node.start()
    node.pull()
    before = on_node()
    config = pod("asks", annotations={"VirtletForceDHCPNetworkConfig": "true", "VirtletDiskDriver": "scsi"})
    asks = node.run(config)
    container = node.create(asks, config, machine())
    node.begin(container)
    wait_ready("asks")
    assert "NoCloud" in source(container), source(container)
    v4, v6 = addresses(node, asks)
    until(lambda: len(network(container)["addresses"]) == 2, 20, "address by DHCPv6")
    seen = network(container)
    assert seen["mac"] == mac(asks) and seen["mtu"] == 1450, seen
    assert seen["addresses"] == {f"{v4}/16", f"{v6}/128"}, seen
    assert "10.47.255.254" in seen["gateways"] and len(seen["gateways"]) == 2, seen
    assert "10.47.255.253" in seen["servers"], seen
    disks = guest(container, "ls /sys/block")
    assert "sda" in disks and "vda" not in disks, disks

    for switch in ("noDHCP", "noDHCPv6"):
        simulator(switch, True)
    config = told_by_cluster(pod("told", annotations={
        "VirtletCloudInitImageType": "configdrive", "VirtletFilesFromDataSource": "configmap/files",
        "VirtletCloudInitUserDataScript": ARCHIVE, "VirtletCloudInitUserData": "runcmd: [[touch, /srv/settings]]",
        "VirtletSystemUUID": "6AB5D6F5-9D7A-4B02-9B40-1F2F2E4C5D6E"}))
    told = node.run(config)
    v4, v6 = addresses(node, told)
    wanted = machine()
    hosts = lab.WORK / "kubelet" / "pods" / "uid-told" / "etc-hosts"
    hosts.parent.mkdir(parents=True)
    hosts.write_text(f"127.0.0.1\tlocalhost\n{v4}\ttold.vms.default.svc.cluster.local\ttold\n192.0.2.7\tstore\n")
    wanted.mounts.add(container_path="/etc/hosts", host_path=str(hosts))
    for name, value in VARIABLES.items():
        wanted.envs.add(key=name, value=value)
    wanted.mounts.add(container_path="/etc/files", host_path=str(volume("uid-told", "files", {
        "motd": "\tHello\n", "motd_path": "etc/motd", "motd_encoding": "plain",
        "binary": base64.b64encode(bytes(range(256))).decode(), "binary_path": "/srv/a/b\n"})))
    container = node.create(told, config, wanted)
    node.begin(container)
    wait_ready("told")
    assert "ConfigDrive" in source(container), source(container)
    identity = guest(container, "cat /sys/class/dmi/id/product_uuid /run/cloud-init/.instance-id").split()
    assert identity == ["6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6e"] * 2, identity
    assert lab.virsh("domuuid", lab.domain(container)).strip() != identity[0]
    seen = network(container)
    assert seen["mac"] == mac(told) and seen["mtu"] == 1450, seen
    assert seen["addresses"] == {f"{v4}/16", f"{v6}/64"}, seen
    assert seen["gateways"] == {"10.47.255.254", "fd00:47::fe"}, seen
    assert seen["servers"] == CLUSTER_DNS and seen["search"][0] == "default.svc.cluster.local", seen
    assert guest(container, "hostname; hostname -f").split() == ["told", "told.vms.default.svc.cluster.local"]
    assert guest(container, "getent hosts store").split() == ["192.0.2.7", "store"]
    assert "options ndots:5" in guest(container, "cat /etc/resolv.conf").splitlines()
    assert guest(container, "ls /srv/theirs /srv/settings; cat /srv/file").split() == ["/srv/settings", "/srv/theirs", "whole"]
    answered = guest(container, "ping -c 2 -W 3 10.47.255.254 && ping -c 2 -W 3 fd00:47::fe")
    assert answered.count(" 0% packet loss") == 2, answered
    assert guest(container, "cat /etc/motd") == "\tHello\n"
    assert guest(container, "od -An -v -tu1 /srv/a/b").split() == [str(byte) for byte in range(256)]
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    variables = json.loads(guest(container, f"set -a; . /etc/cloud/environment; exec python3 -c '{show}'"))
    assert {name: variables.get(name) for name in VARIABLES} == VARIABLES, variables

    for sandbox in (asks, told):
        node.remove_pod(sandbox)
    same(before, on_node())


@contextlib.contextmanager
def cluster_dns(records):
    """A cluster's name server as two guests see it: at an address outside their network, with names of headless services."""
    for address in CLUSTER_DNS:
        subprocess.run(["ip", "address", "add", f"{address}/{128 if ':' in address else 32}", "dev", "lo"], check=True)
    log = open(lab.WORK / "cluster-dns.log", "w", encoding="utf-8")
    arguments = ["dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--user=root", "--pid-file=", "--no-resolv",
                 "--no-hosts", "--bind-interfaces", "--local=/cluster.local/", "--log-facility=-", "--log-queries"]
    arguments += [f"--listen-address={address}" for address in CLUSTER_DNS]
    arguments += [f"--host-record={name},{','.join(values)}" for name, values in records.items()]
    with log, subprocess.Popen(arguments, stdout=log, stderr=log) as server:
        try:
            yield
        finally:
            server.terminate()
            for address in CLUSTER_DNS:
                subprocess.run(["ip", "address", "del", f"{address}/{128 if ':' in address else 32}", "dev", "lo"], check=True)


def sums():
    """The digest of each image's content."""
    files = (lab.WORK / "images" / "data").iterdir()
    return {path.name: hashlib.file_digest(path.open("rb"), "sha256").hexdigest() for path in files}


def upgraded(node, container):
    """Another vm-runtime takes the place of one that runs, while a guest answers 100 times a second and writes to its disk."""
    qemu, old = lab.process(container), node.process.pid
    with lab.Pings(container) as pings:
        shutil.copy2(node.program, node.program + ".new")
        os.rename(node.program + ".new", node.program)
        node.terminate()
        assert node.wait() == 0
        assert "ERROR" not in node.text(), node.text()
        node.start()
        until(lambda: lab.ready(node), 60, "readiness")
        assert node.process.pid != old and os.path.samefile(f"/proc/{node.process.pid}/exe", node.program)
        assert node.status(container).state == cri.CONTAINER_RUNNING
        written = guest(container, "dd if=/dev/urandom of=/spoiled bs=1M count=20 2> /dev/null && sync && echo written")
        assert written == "written\n", written
    pings.all_answered()
    assert lab.process(container) == qemu


def find_each_other(containers, known):
    """Each guest finds and reaches the other by its name, whole and short, in both families."""
    records = {f"{name}.headless.default.svc.cluster.local": values for name, values in known.items()}
    with cluster_dns(records):
        for name, other in [("one", "two"), ("two", "one")]:
            for asked in (f"{other}.headless.default.svc.cluster.local", f"{other}.headless"):
                found = guest(containers[name], f"getent ahosts {asked} | cut -d' ' -f1 | sort -u").split()
                assert sorted(found) == sorted(known[other]), (name, asked, found)
            for family, address in zip((4, 6), known[other]):
                told = guest(containers[name], f"ping -{family} -c 2 -W 3 {other}.headless")
                assert f"({address})" in told and " 0% packet loss" in told, told
        absent = guest(containers["one"], "getent ahosts three.headless || echo none")
        assert absent == "none\n", absent


def pair(node):
    """Two guests find each other by the names of a headless service, while vm-runtime is replaced by another; one of them
    bears all that the API lets a pod bear."""
    (lab.WORK / "programs").mkdir()
    node.program = shutil.copy2(node.program, str(lab.WORK / "programs" / "vm-runtime"))
    node.start()
    node.pull()
    before, images = on_node(), sums()
    assert images and list(images) == list(images.values()), images
    big = {"labels": {f"label-{number}": "x" * (1 << 16) for number in range(16)},
           "annotations": {f"example.com/{number}": "\\\"\n世" + "y" * (1 << 16) for number in range(16)}}
    configs = {"one": told_by_cluster(pod("one", **big)), "two": told_by_cluster(pod("two"))}
    sandboxes = {name: node.run(config) for name, config in configs.items()}
    request = cri.PodSandboxStatusRequest(pod_sandbox_id=sandboxes["one"], verbose=True)
    status = node.cri.PodSandboxStatus(request).status
    assert dict(status.labels) == big["labels"] and dict(status.annotations) == big["annotations"]

    # What can't be had in a VM pod, by its name.
    for field, change in [
        ("net.ipv4.ip_forward", lambda it: it.linux.sysctls.update({"net.ipv4.ip_forward": "1"})),
        ("kernel.no_such", lambda it: it.linux.sysctls.update({"kernel.no_such": "1"})),
    ]:
        config = pod("refused")
        change(config)
        refused(CODE.INVALID_ARGUMENT, lambda config=config: node.run(config), field, "cloud-init")

    containers = {name: node.create(sandboxes[name], configs[name], machine(**big)) for name in configs}
    refused(
        CODE.INVALID_ARGUMENT, lambda: node.create(sandboxes["one"], configs["one"], machine("istio-proxy")),
        "istio-proxy", "sidecars", "vm")
    for container in containers.values():
        node.begin(container)
    for name in containers:
        wait_ready(name)
    listed = node.cri.ListContainers(cri.ListContainersRequest()).containers
    assert {item.id: dict(item.annotations) for item in listed} == {id: big["annotations"] for id in containers.values()}

    find_each_other(containers, {name: addresses(node, sandbox) for name, sandbox in sandboxes.items()})
    upgraded(node, containers["two"])
    assert sums() == images
    node.stop(containers["two"])
    status = node.status(containers["two"])
    assert (status.exit_code, status.reason) == (0, "Completed"), status
    for sandbox in sandboxes.values():
        node.remove_pod(sandbox)
    node.terminate()
    assert node.wait() == 0
    node.start()
    assert sums() == images, "a guest changed the image that it was made from"
    same(before, on_node())


def cost(process):
    """A process's processor seconds and anonymous memory in MiB."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return seconds, int(re.search(r"RssAnon:\s+(\d+)", status).group(1)) / 1024


def entries(folder):
    """All lines of a container's logs, in their order: the time, F or P, the content."""
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns):
        content = path.read_bytes()
        assert content.endswith(b"\n") or not content, f"{path} ends within a line"
        for line in content.split(b"\n")[:-1]:
            match = LINE.match(line)
            assert match, (path, line[:200])
            assert len(match.group(3)) <= 16 << 10, (path, len(line))
            found.append(match.groups())
    return found


LINE = re.compile(rb"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) stdout ([FP]) (.*)$", re.DOTALL)


def logs(node):
    """A log that is rotated loses nothing; a guest that writes without end harms nobody."""
    node.start()
    node.pull()
    before = on_node()
    config = pod("talks")
    sandbox = node.run(config)
    container = node.create(sandbox, config, machine())
    reopening = cri.ReopenContainerLogRequest(container_id=container)
    refused(CODE.FAILED_PRECONDITION, lambda: node.cri.ReopenContainerLog(reopening), "log")
    node.begin(container)
    wait_ready("talks")
    path = lab.WORK / "logs" / "talks" / "vm" / "0.log"

    # kubelet renames the file and has it opened anew, while the guest goes on.
    count = 3000
    write = (
        "for i in 0 1 2 3 4 5 6 7 8 9; do seq -f \"@@LINE %.0f\" $((i * 300 + 1)) $((i * 300 + 300)); sleep 0.2; done; "
        "echo @@DONE")
    guest(container, f"setsid sh -c '({write}) > /dev/ttyS0' > /dev/null 2>&1 &")
    for turn in range(1, 6):
        time.sleep(0.5)
        path.rename(path.with_name(f"0.log.{turn}"))
        node.cri.ReopenContainerLog(reopening)
        assert path.exists() and path.stat().st_mode & 0o777 == 0o640, path
    until(lambda: any(b"@@DONE" in file.read_bytes() for file in path.parent.iterdir()), 60, "@@DONE")
    lines = [content for _, _, content in entries(path.parent)]
    numbers = [int(line.split()[1]) for line in lines if line.startswith(b"@@LINE ")]
    assert numbers == list(range(1, count + 1)), f"{len(numbers)} lines of {count}, in {len(list(path.parent.iterdir()))} files"
    files = sum(b"@@LINE " in file.read_bytes() for file in path.parent.iterdir())
    assert files > 1, "no line was written while the log was rotated"

    # Without end: first lines, then any bytes.
    size = path.stat().st_size
    guest(container, "setsid sh -c 'timeout 3 yes > /dev/ttyS0; cat /dev/urandom > /dev/ttyS0' > /dev/null 2>&1 &")
    started, memory = cost(node.process.pid)
    begun = time.monotonic()
    slowest = most = 0
    while time.monotonic() < begun + 9:
        asked = time.monotonic()
        node.cri.Version(cri.VersionRequest())
        assert node.status(container).state == cri.CONTAINER_RUNNING
        node.cri.ListContainers(cri.ListContainersRequest())
        slowest = max(slowest, time.monotonic() - asked)
        most = max(most, cost(node.process.pid)[1])
        time.sleep(0.1)
    spent = cost(node.process.pid)[0] - started
    grown = path.stat().st_size - size
    print(f"      {grown >> 10} KiB of log in 9 s for {spent:.1f} s of processor; {memory:.0f} MiB became {most:.0f}; "
          f"three calls took {slowest * 1000:.0f} ms at most")
    assert grown > 256 << 10, "the guest was stalled"
    assert most < memory + 16 and spent < 4.5 and slowest < 1, (memory, most, spent, slowest)
    # The agent answers still, and what was copied takes no room twice.
    assert guest(container, "echo alive").strip() == "alive"
    node.stop(container)
    status = node.status(container)
    assert (status.exit_code, status.reason) == (0, "Completed"), status
    refused(CODE.FAILED_PRECONDITION, lambda: node.cri.ReopenContainerLog(reopening), "log")
    contents = entries(path.parent)
    assert sum(content == b"y" for _, _, content in contents) > 1000
    assert any(max(content, default=0) > 0x7F for _, _, content in contents), "no bytes beyond ASCII"
    node.remove_pod(sandbox)
    same(before, on_node())


BOOT = "/proc/sys/kernel/random/boot_id"


def processes(name):
    """The ids of this node's processes of a program."""
    found = []
    for path in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            # One that has ended, but was not waited for, has no program any more.
            if path.name.isdigit() and os.readlink(path / "exe") and (path / "comm").read_text().strip() == name[:15]:
                found.append(int(path.name))
    return found


def killed(name):
    for process in processes(name):
        os.kill(process, signal.SIGKILL)
    until(lambda: not processes(name), 20, f"end of {name}")


def emptied(folder):
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def rebooted(node, boot):
    """The node is started anew: all processes, devices, namespaces, cgroups and what is in /run are gone."""
    node.kill()
    for program in ("libvirtd", "qemu-system-x86_64", "vrouter-sim", "dnsmasq", "virtlogd"):
        killed(program)
    for path in pathlib.Path("/run/netns").glob("cvm-*"):
        subprocess.run(["umount", path], check=True)
        path.unlink()
    for link in json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout):
        if link["ifname"] != "lo":
            subprocess.run(["ip", "link", "del", link["ifname"]], check=False)
    for path in lab.CGROUPS.glob(f"*/{lab.GROUP}/*/cvm-*"):
        path.rmdir()
    for folder in (lab.WORK / "run", lab.WORK / "sim", pathlib.Path("/run/libvirt")):
        emptied(folder)
    # A boot is known by the kernel's id of it.
    file = lab.WORK / f"boot-{boot}"
    file.write_text(f"5e2d9a1c-77aa-4c0e-9a55-{boot:012}\n")
    subprocess.run(["mount", "--bind", file, BOOT], check=True)
    with open(lab.WORK / "sim.log", "a", encoding="utf-8") as log:
        # pylint: disable-next=consider-using-with
        subprocess.Popen(
            [lab.ROOT / ".build-dist/bin/vrouter-sim", "--config", lab.WORK / "conf/vrouter-sim.json"], stdout=log, stderr=log)
    lab.libvirtd_started()
    until((lab.WORK / "sim" / "control.sock").exists, 20, "vrouter-sim")
    until((lab.WORK / "libvirt-sock").exists, 20, "libvirtd")


def reboot(node):
    """After a node's reboot kubelet finds its sandboxes not ready and its containers ended, and makes others."""
    node.start()
    node.pull()
    before = on_node()
    configs = {name: pod(name) for name in ("ran", "made", "ended")}
    sandboxes = {name: node.run(config) for name, config in configs.items()}
    containers = {name: node.create(sandboxes[name], configs[name], machine()) for name in configs}
    node.begin(containers["ran"])
    node.begin(containers["ended"])
    node.stop(containers["ended"], seconds=0)
    ended = node.status(containers["ended"])
    rebooted(node, 1)
    node.start()
    until(lambda: lab.ready(node), 60, "readiness")

    for name, sandbox in sandboxes.items():
        status = node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status
        assert status.state == cri.SANDBOX_NOTREADY and not status.network.ip, (name, status)
    status = node.status(containers["ran"])
    assert (status.state, status.exit_code, status.reason) == (cri.CONTAINER_EXITED, 255, "NodeRestarted"), status
    assert status.finished_at >= status.started_at > 0 and "started anew" in status.message, status
    assert node.status(containers["ended"]) == ended, "what had ended before ended as it did"
    refused(CODE.FAILED_PRECONDITION, lambda: node.begin(containers["ran"]), "exited")
    # What was made but never started can't be started in a sandbox whose network is gone.
    refused(CODE.FAILED_PRECONDITION, lambda: node.begin(containers["made"]), "not ready")
    # A container's disk stays until it is removed.
    for container in containers.values():
        assert (lab.WORK / "state" / "pods" / container / "disk.qcow2").exists(), container
    assert not list(pathlib.Path("/run/netns").glob("cvm-*"))

    # kubelet makes the pod's next attempt beside the old one, then removes that.
    config = pod("ran")
    config.metadata.attempt = 1
    sandbox = node.run(config)
    assert sandbox != sandboxes["ran"]
    container = node.create(sandbox, config, machine(attempt=1))
    node.begin(container)
    for name, old in sandboxes.items():
        node.cri.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=old))
        node.cri.RemoveContainer(cri.RemoveContainerRequest(container_id=containers[name]))
        assert not (lab.WORK / "state" / "pods" / containers[name]).exists()
        node.cri.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=old))
    # The old attempt's end took nothing from the new one.
    wait_ready("ran", attempt=1)
    answered = guest(container, "ping -c 2 -W 3 10.47.255.254")
    assert " 0% packet loss" in answered, answered
    assert node.status(container).state == cri.CONTAINER_RUNNING
    node.remove_pod(sandbox)
    subprocess.run(["umount", BOOT], check=True)
    same(before, on_node())


if __name__ == "__main__":
    main(boots, pair, logs, reboot)
