# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""A vm-runtime of a check's own, and an independent client of it: the stubs are from PyPI, not from our .proto."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import grpc
from cri_api.v1 import api_pb2 as cri
from cri_api.v1 import api_pb2_grpc as stubs

LIMIT = 16 << 20
OPTIONS = [("grpc.max_send_message_length", 4 * LIMIT), ("grpc.max_receive_message_length", 4 * LIMIT)]


class Server:
    """A folder of its own with a vm-runtime in it; `program` is CONTRAIL_VM_PROGRAMS' vm-runtime."""

    def __init__(self):
        self.program = os.path.join(os.environ["CONTRAIL_VM_PROGRAMS"], "vm-runtime")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cvm-cri-", dir="/var/tmp"))
        # Images are examined by nobody's qemu-img.
        self.folder.chmod(0o711)
        self.socket = self.folder / "run" / "vm-runtime.sock"
        self.operators = self.folder / "run" / "operator.sock"
        self.log = self.folder / "log"
        self.process = None
        self.defaults = []
        for key, place in [("state-dir", "state"), ("run-dir", "run"), ("image-dir", "images"), ("cni-conf-dir", "net.d")]:
            if f"CONTRAIL_VM_{key.upper().replace('-', '_')}" not in os.environ:
                self.defaults += [f"--{key}", str(self.folder / place)]
        if "CONTRAIL_VM_ACCELERATOR" not in os.environ:
            self.defaults += ["--accelerator", "tcg", "--libvirt-uri", "test:///default"]

    def arguments(self, *more):
        return [self.program, "--config", "/dev/null", "--listen", str(self.socket), "--operator-socket", str(self.operators),
                "--metrics", "none", *self.defaults, *more]

    def start(self, *more, environment=None):
        """Starts it and waits until it answers."""
        self.process = self.spawn(*more, environment=environment)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}: {self.log.read_text()}")
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self.socket)) == 0:
                    return self
            time.sleep(0.02)
        raise AssertionError(f"it does not listen: {self.log.read_text()}")

    def spawn(self, *more, environment=None):
        with open(self.log, "a", encoding="utf-8") as log:
            return subprocess.Popen(self.arguments(*more), stderr=log, stdout=log, env={**os.environ, **(environment or {})})

    def channel(self):
        # A channel of its own each time: gRPC would share connections between equal ones.
        return grpc.insecure_channel(f"unix://{self.socket}", options=[*OPTIONS, ("grpc.use_local_subchannel_pool", 1)])

    def runtime(self):
        return stubs.RuntimeServiceStub(self.channel())

    def images(self):
        return stubs.ImageServiceStub(self.channel())

    def raw(self, method, request=b"", timeout=10, service="runtime.v1.RuntimeService", kind="unary_unary"):
        """A call by its name, with bytes for messages."""
        call = getattr(self.channel(), kind)(f"/{service}/{method}")
        answer = call(request, timeout=timeout)
        return answer if kind == "unary_unary" else list(answer)

    def terminate(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, seconds=20):
        return self.process.wait(seconds)

    def text(self):
        return self.log.read_text()

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        shutil.rmtree(self.folder)


def refused(code, call, *words):
    """A call must fail with a code and tell these words; returns what it told."""
    try:
        answer = call()
    except grpc.RpcError as error:
        assert error.code() == code, f"{error.code()} instead of {code}: {error.details()}"
        for word in words:
            assert word in error.details(), f"{word!r} is not in {error.details()!r}"
        return error.details()
    raise AssertionError(f"the call succeeded: {answer}")


def sandbox(name="web", **more):
    """A sandbox's configuration with what it must have."""
    metadata = cri.PodSandboxMetadata(name=name, uid=f"uid-{name}", namespace="default", attempt=0)
    return cri.PodSandboxConfig(metadata=metadata, **more)
