# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""A VM whose guest has broken out, inside the lab, with an emulator that has no guest (Tests/VMRuntimeTests/node CHECK).

  hostile   it tries to reach all that is not its own, and is refused each time; as root each try goes through
  liars     it writes another process into its pid file, or leaves children behind"""

import os
import pathlib
import re
import socket
import subprocess
import threading

import grpc
from cri_api.v1 import api_pb2 as cri

import lab
from lab import WORK, machine, on_node, pod, same, until

TARGETS = WORK / "targets"
# What there is nothing of to be reached: a refusal and its absence are the same.
ABSENT = {"queues", "guest-agent"}
REFUSED = {"EPERM", "EACCES", "ENOENT"}


def run(node, name):
    """A pod whose emulator runs; its two ids."""
    sandbox, container = made(node, name)
    node.begin(container)
    return sandbox, container


def made(node, name):
    config = pod(name)
    sandbox = node.run(config)
    return sandbox, node.create(sandbox, config, machine())


def one(folder, pattern):
    """A file that there must be one of."""
    found = sorted(pathlib.Path(folder).glob(pattern))
    assert len(found) == 1, f"{pattern} in {folder}: {found}"
    return found[0]


def belongings(node, sandbox, container):
    """What a VM and the node have that another VM must not reach."""
    folder = WORK / "state" / "pods" / container
    domain = lab.domain(container)
    verbose = node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox, verbose=True))
    own = lab.cgroup_of(container)
    with open(WORK / "run" / "interfaces" / sandbox / "eth0.json", encoding="utf-8") as file:
        tap = re.search(r'"name":"(tap[^"]+)"', file.read()).group(1)
    (WORK / "scratch").mkdir(mode=0o1777, exist_ok=True)
    (WORK / "scratch").chmod(0o1777)
    return {
        "victim": lab.process(container),
        "disk": one(folder, "*.qcow2"), "seed": one(folder, "*.iso"), "console": one(folder, "console*.log"), "folder": folder,
        "image": one(WORK / "images" / "data", "*"),
        "monitor": one("/var/lib/libvirt/qemu", f"domain-*-{domain[:10]}*/monitor.sock"),
        "channel": f"/var/lib/libvirt/qemu/channel/target/{domain}/org.qemu.guest_agent.0",
        "queues": folder / "queues.sock",
        "tap": tap, "pidfile": f"/run/libvirt/qemu/{domain}.pid",
        "record": WORK / "run" / "interfaces" / sandbox / "eth0.json",
        "database": WORK / "state" / "pods.sqlite",
        "agentfile": one(WORK / "ports" / "vm", "*__victim/*"),
        "podlog": one(WORK / "logs" / "victim", "*/*.log"),
        "runtime": node.socket, "libvirt": WORK / "libvirt-sock", "control": WORK / "sim" / "control.sock",
        "daemon": node.process.pid, "libvirtd": lab.libvirtd(), "namespace": verbose.info["namespace"],
        "cgroup": own / "cgroup.procs", "topcgroup": lab.top_cgroup() / "cgroup.procs",
        "scratch": WORK / "scratch" / "device",
    }


def write(**members):
    """What the emulator finds when it starts."""
    TARGETS.write_text("".join(f"{key} {value}\n" for key, value in members.items()), encoding="utf-8")
    TARGETS.chmod(0o644)


def listening(address, port):
    """A metadata service, as clouds have one at this address."""
    subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "lo"], check=True)
    server = socket.create_server((address, port))

    def serve():
        while True:
            server.accept()[0].close()

    threading.Thread(target=serve, daemon=True).start()


def results(text):
    return dict(re.findall(r"escape (\S+) (\S+)", text))


def hostile(node):
    """Whatever a broken-out emulator tries is refused, and root could have done it."""
    node.start()
    node.pull()
    listening("169.254.169.254", 80)
    sandbox, victim = run(node, "victim")
    mine, attacker = made(node, "attacker")
    targets = belongings(node, sandbox, victim)
    write(attacker=lab.domain(attacker), do="escape", **targets)
    as_root = subprocess.run([WORK / "emulator", "--try", TARGETS], capture_output=True, text=True, timeout=60, check=True).stdout
    control = results(as_root)
    assert len(control) >= 40, as_root
    for name, result in control.items():
        assert (result == "DONE") != (name in ABSENT), f"as root, {name}: {result}"
    node.begin(attacker)
    told = results(until(lambda: "escapes tried" in (log := lab.log_of("attacker")) and log, 30, "end of the tries"))
    assert told.keys() == control.keys(), told
    through = {name: result for name, result in told.items() if result not in REFUSED}
    assert not through, f"not refused: {through}"
    print(f"      {len(told)} tries, each refused: {' '.join(sorted(told))}")
    # It was confined as any other, and its victim has not noticed.
    process = pathlib.Path(f"/proc/{lab.process(attacker)}")
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0 and status["NoNewPrivs"] == "1", status
    assert node.status(victim).state == cri.CONTAINER_RUNNING and lab.process(victim) == targets["victim"]
    assert lab.domain(attacker) in (process / "cgroup").read_text()
    # Whoever detaches the rule, it is back when kubelet asks next.
    assert lab.ready(node)
    for each in (mine, sandbox):
        node.remove_pod(each)


def liars(node):
    """A pid file that names another process moves nothing, and children that are left behind die."""
    node.start()
    node.pull()
    sandbox, victim = run(node, "victim")
    # How far its console was copied is written down some time after its start.
    until((WORK / "state" / "pods" / victim / "console.json").exists, 10, "state of the victim's log")
    groups = pathlib.Path(f"/proc/{lab.process(victim)}/cgroup")
    of_victim, of_daemon = groups.read_text(), pathlib.Path(f"/proc/{node.process.pid}/cgroup").read_text()
    before = on_node()
    lies = [lab.process(victim), node.process.pid, 1, 0, -1, "no number", "99999999999999999999", "child"]
    for number, lie in enumerate(lies):
        mine, attacker = made(node, f"liar{number}")
        write(attacker=lab.domain(attacker), lie=lie)
        try:
            node.begin(attacker)
            raise AssertionError(f"the pid file said {lie}, and the VM was started")
        except grpc.RpcError as error:
            assert "names the process" in error.details() or "no process id" in error.details(), error.details()
        assert groups.read_text() == of_victim, lie
        assert pathlib.Path(f"/proc/{node.process.pid}/cgroup").read_text() == of_daemon, lie
        ended = node.status(attacker)
        assert ended.state == cri.CONTAINER_EXITED and ended.reason == "StartError", ended
        node.remove_pod(mine)
    mine, attacker = made(node, "forks")
    write(attacker=lab.domain(attacker), do="fork")
    node.begin(attacker)
    user = os.stat(f"/proc/{lab.process(attacker)}").st_uid
    assert len(processes(user)) == 2, processes(user)
    node.remove_pod(mine)
    until(lambda: not processes(user), 5, "end of the child")
    same(before, on_node())
    assert groups.read_text() == of_victim
    node.remove_pod(sandbox)


def processes(user):
    """The processes of a user."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            found += [path.name] if path.stat().st_uid == user else []
        except OSError:
            continue
    return found


if __name__ == "__main__":
    lab.main(hostile, liars)
