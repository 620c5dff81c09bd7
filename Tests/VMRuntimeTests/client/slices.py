# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""cgroup v2 under systemd, inside the lab of a node that has both, with an emulator that has no guest
(Tests/VMRuntimeTests/slices)."""

import os
import pathlib
import subprocess

from cri_api.v1 import api_pb2 as cri

import lab
from lab import CGROUPS, machine, on_node, pod, same

SLICE = "kubepods-burstable-podweb_1.slice"
PODS_GROUP = CGROUPS / "kubepods.slice" / "kubepods-burstable.slice" / SLICE
LIMIT = 400 << 20


def systemctl(*arguments):
    return subprocess.run(["systemctl", *arguments], check=True, capture_output=True, text=True).stdout


def limits(group):
    return {name: (group / name).read_text().strip() for name in ("memory.max", "cpu.weight", "cpu.max")}


def groups():
    return sorted(str(path) for path in CGROUPS.rglob("cvm-*"))


def begin(node, config):
    sandbox = node.run(config)
    container = node.create(sandbox, config, machine(memory=LIMIT))
    node.begin(container)
    return sandbox, container


def where(container):
    return pathlib.Path(f"/proc/{lab.process(container)}/cgroup").read_text().strip()


def slices(node):
    """QEMU is in a scope of the pod's slice, with the pod's limits, whatever systemd does; cgroupfs's notation works as well."""
    os.environ["CONTRAIL_VM_CGROUP_DRIVER"] = "auto"
    node.start()
    node.pull()
    before = on_node()
    driver = node.cri.RuntimeConfig(cri.RuntimeConfigRequest()).linux.cgroup_driver
    assert driver == cri.SYSTEMD, driver
    # As kubelet makes a pod's slice.
    systemctl("start", SLICE)
    config = pod("web")
    config.linux.cgroup_parent = SLICE
    sandbox, container = begin(node, config)
    scope = f"{lab.domain(container)}.scope"
    own = PODS_GROUP / scope / "vm"
    assert where(container) == f"0::/{own.relative_to(CGROUPS)}", where(container)
    expected = {"memory.max": str(LIMIT), "cpu.weight": "20", "cpu.max": "max 100000"}
    assert limits(own) == expected, limits(own)
    shown = systemctl("show", scope, "-p", "Slice", "-p", "Delegate", "-p", "ActiveState")
    assert sorted(shown.split()) == ["ActiveState=active", "Delegate=yes", f"Slice={SLICE}"], shown

    systemctl("daemon-reload")
    systemctl("set-property", "--runtime", SLICE, "CPUWeight=50")
    assert limits(own) == expected and where(container).endswith(f"{scope}/vm"), limits(own)
    update = cri.UpdateContainerResourcesRequest(container_id=container)
    update.linux.cpu_shares, update.linux.cpu_quota, update.linux.cpu_period = 1024, 150000, 100000
    node.cri.UpdateContainerResources(update)
    assert limits(own) == {"memory.max": str(LIMIT), "cpu.weight": "39", "cpu.max": "150000 100000"}, limits(own)
    process = lab.process(container)
    node.kill()
    node.start()
    assert lab.process(container) == process and node.status(container).state == cri.CONTAINER_RUNNING
    node.stop(container)
    assert (status := node.status(container)).reason == "Completed", status
    lab.until(lambda: not groups(), 10, "end of the scope")
    node.remove_pod(sandbox)

    # What the kernel killed for its memory is told so, although its scope is gone.
    config = pod("eater")
    config.linux.cgroup_parent = SLICE
    sandbox, container = begin(node, config)
    own = PODS_GROUP / f"{lab.domain(container)}.scope" / "vm"
    (own / "memory.oom.group").write_text("1")
    (own / "memory.max").write_text(str(32 << 20))
    eater = f"echo $$ > {own}/cgroup.procs; exec tail /dev/zero"
    subprocess.run(["sh", "-c", eater], check=False, timeout=120, stderr=subprocess.DEVNULL)
    status = node.wait_ended(container)
    assert (status.reason, status.exit_code) == ("OOMKilled", 137), status
    node.remove_pod(sandbox)
    systemctl("stop", SLICE)

    config = pod("plain")
    sandbox, container = begin(node, config)
    own = CGROUPS / lab.GROUP / "podplain" / lab.domain(container)
    assert where(container) == f"0::/{own.relative_to(CGROUPS)}", where(container)
    assert limits(own) == expected, limits(own)
    node.stop(container)
    node.remove_pod(sandbox)
    same(before, on_node())
    assert not groups(), groups()


if __name__ == "__main__":
    lab.main(slices)
