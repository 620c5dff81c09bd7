# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""Watches the effects of a process by ptrace(2): python tracer.py PID POD, inside the lab, with a plan as JSON on standard input.

strace(1) counts a thread's calls, and a runtime with a pool of threads makes the same call on another one each time.
This counts the process's: an effect is named by what it does and to what, like "pwrite64 state/pods.sqlite-wal", with
ids and the pod's name left out, and by how many of its name came before it.

It says "ready" when it watches all threads; then an effect a line. Plans: {} only looks on; {"point": [NAME, N]} ends the
process before that effect, with "after" behind it; with "error": ERRNO the effect is not done and fails; with "full" all that
takes room on a disk fails from there on, too. It ends with the process, or when its standard input ends; the process then
goes on.
"""

import ctypes
import json
import os
import pathlib
import re
import signal
import struct
import sys
import threading

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long
SYSCALL, POKE_USER, SEIZE, INTERRUPT, LISTEN, GET_SYSCALL = 24, 6, 0x4206, 0x4207, 0x4208, 0x420E
OPTIONS = 1 | 8  # PTRACE_O_TRACESYSGOOD, PTRACE_O_TRACECLONE
ENTRY, EXIT = 1, 2
# Offsets in user_regs_struct of x86-64.
RESULT, NUMBER = 10 * 8, 15 * 8
ANY_CHILD, CLONE_THREAD = 0x40000000, 0x10000

# x86-64's numbers; after a name, where the path or the descriptor is.
CALLS = {
    257: ("openat", "at", 1), 2: ("open", "path", 0), 85: ("creat", "path", 0), 437: ("openat2", "at", 1),
    83: ("mkdir", "path", 0), 258: ("mkdirat", "at", 1), 84: ("rmdir", "path", 0),
    82: ("rename", "path", 1), 264: ("renameat", "at2", 3), 316: ("renameat2", "at2", 3),
    87: ("unlink", "path", 0), 263: ("unlinkat", "at", 1), 86: ("link", "path", 1), 265: ("linkat", "at2", 3),
    88: ("symlink", "path", 1), 266: ("symlinkat", "at2", 2), 133: ("mknod", "path", 0), 259: ("mknodat", "at", 1),
    90: ("chmod", "path", 0), 91: ("fchmod", "file", 0), 268: ("fchmodat", "at", 1),
    92: ("chown", "path", 0), 93: ("fchown", "file", 0), 94: ("lchown", "path", 0), 260: ("fchownat", "at", 1),
    76: ("truncate", "path", 0), 77: ("ftruncate", "file", 0), 285: ("fallocate", "file", 0),
    1: ("write", "write", 0), 18: ("pwrite64", "file", 0), 20: ("writev", "writev", 0), 296: ("pwritev", "file", 0),
    44: ("sendto", "write", 0), 46: ("sendmsg", "message", 0), 40: ("sendfile", "file", 0), 326: ("copy_file_range", "file", 2),
    74: ("fsync", "file", 0), 75: ("fdatasync", "file", 0),
    165: ("mount", "path", 1), 166: ("umount2", "path", 0), 308: ("setns", "file", 0), 272: ("unshare", "none", 0),
    16: ("ioctl", "ioctl", 0), 49: ("bind", "address", 1), 62: ("kill", "none", 0),
    56: ("clone", "clone", 0), 57: ("fork", "none", 0), 58: ("vfork", "none", 0), 435: ("clone3", "clone3", 0),
}
# What takes room on a disk.
ROOM = ("openat", "mkdir", "write ", "pwrite64", "ftruncate", "fallocate", "fsync", "fdatasync")
CREATES = os.O_CREAT | os.O_TRUNC
# What libvirt's remote protocol calls its program; its calls that change something.
LIBVIRT = 0x20008086
ORDERS = {350: "define", 196: "start", 28: "resume", 34: "shutdown", 200: "shutdown", 234: "destroy", 231: "undefine", 14: "undefine"}
# TUNSETIFF; FICLONE.
REQUESTS = {0x400454CA: "TUNSETIFF", 0x40049409: "FICLONE"}
IDS = [
    (re.compile(r"[0-9a-f]{64}"), "ID"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"(?<=cvm-)[0-9a-f]{16}"), "ID"),
    (re.compile(r"(?<=/)(task|fd)/\d+"), r"\1/N"),
]


def ptrace(request, thread, address=0, data=0):
    return LIBC.ptrace(request, thread, address, data)


class Tracer:
    def __init__(self, process, plan, lab, pod):
        self.process = process
        self.plan = plan
        self.lab = pathlib.Path(lab)
        self.pod = pod
        self.seen = {}
        self.between = set()
        self.is_struck = False

    def attach(self):
        # Threads that come while others are attached to are found in the next round.
        known = set()
        while fresh := {int(name) for name in os.listdir(f"/proc/{self.process}/task")} - known:
            for thread in fresh:
                if ptrace(SEIZE, thread, 0, OPTIONS) == 0:
                    ptrace(INTERRUPT, thread)
            known |= fresh

    def run(self):
        while True:
            try:
                thread, status = os.waitpid(-1, ANY_CHILD)
            except ChildProcessError:
                return
            if not os.WIFSTOPPED(status):
                if thread == self.process:
                    return
                continue
            self.stopped(thread, status)

    def stopped(self, thread, status):
        number, event = os.WSTOPSIG(status), status >> 16
        hands_on = 0
        if number == signal.SIGTRAP | 0x80:
            self.call(thread)
        elif event == 0:
            hands_on = number
        ptrace(SYSCALL, thread, 0, hands_on)

    def call(self, thread):
        buffer = ctypes.create_string_buffer(88)
        if ptrace(GET_SYSCALL, thread, 88, ctypes.addressof(buffer)) <= 0:
            return
        if buffer.raw[0] == ENTRY:
            number, *arguments = struct.unpack_from("<7Q", buffer.raw, 24)
            known = CALLS.get(number)
            if known and (name := self.effect(thread, known, arguments)):
                self.strike(thread, name)
        elif buffer.raw[0] == EXIT and thread in self.between:
            self.between.discard(thread)
            if "after" in self.plan:
                os.kill(self.process, signal.SIGKILL)
            else:
                ptrace(POKE_USER, thread, RESULT, (-self.plan["error"]) & 0xFFFFFFFFFFFFFFFF)

    def strike(self, thread, name):
        self.seen[name] = self.seen.get(name, 0) + 1
        if not self.plan:
            print(json.dumps([name, self.seen[name]]), flush=True)
        if self.is_struck:
            if "full" in self.plan and name.startswith(ROOM) and "/sys/" not in name:
                self.refuse(thread)
            return
        if self.plan.get("point") != [name, self.seen[name]]:
            return
        self.is_struck = True
        print(json.dumps("struck"), flush=True)
        if "error" in self.plan:
            self.refuse(thread)
        elif "after" in self.plan:
            self.between.add(thread)
        else:
            os.kill(self.process, signal.SIGKILL)

    def refuse(self, thread):
        """Has a call not be made; its result is put in place when it ends."""
        ptrace(POKE_USER, thread, NUMBER, 0xFFFFFFFFFFFFFFFF)
        self.between.add(thread)

    # What a call does, and to what; None where it changes nothing outside the process.
    def effect(self, thread, known, arguments):
        name, kind, place = known
        where = arguments[place]
        if kind == "none":
            return name
        if kind in ("clone", "clone3"):
            flags = where if kind == "clone" else struct.unpack("<Q", self.memory(where, 8))[0]
            return None if flags & CLONE_THREAD else "clone"
        if kind == "ioctl":
            return f"ioctl {REQUESTS[arguments[1]]}" if arguments[1] in REQUESTS else None
        if kind == "path":
            if name == "open" and not arguments[1] & CREATES:
                return None
            return f"{name} {self.short(self.text(where))}"
        if kind in ("at", "at2"):
            path = self.text(where)
            if name == "openat" and not arguments[2] & CREATES:
                return None
            folder = arguments[place - 1] & 0xFFFFFFFF
            if not path.startswith("/") and folder != 0xFFFFFF9C:
                path = f"{self.link(folder)}/{path}"
            return f"{name} {self.short(path)}"
        if kind == "address":
            return f"{name} {self.short(self.text(where + 2))}"
        return self.output(thread, name, kind, arguments)

    def output(self, thread, name, kind, arguments):
        file = self.link(arguments[0] if name != "copy_file_range" else arguments[2])
        if file.startswith("socket:"):
            return self.message(thread, name, kind, arguments)
        if not file.startswith("/") or file.startswith("/dev/") or file.endswith((" (deleted)", "/log")):
            return None
        return f"{name} {self.short(file)}"

    def message(self, thread, name, kind, arguments):
        # Answers to kubelet are no effects on the node.
        if pathlib.Path(f"/proc/{self.process}/task/{thread}/comm").read_text().startswith("NIO"):
            return None
        if kind == "message":
            return f"{name} over a socket"
        place, size = arguments[1], arguments[2]
        if kind == "writev":
            place, size = struct.unpack("<QQ", self.memory(place, 16))
        head = self.memory(place, min(size, 16))
        if len(head) == 16 and (parts := struct.unpack(">4I", head))[1] == LIBVIRT:
            return f"libvirt {ORDERS[parts[3]]}" if parts[3] in ORDERS else None
        return f"{name} over a socket"

    def memory(self, address, size):
        with open(f"/proc/{self.process}/mem", "rb", 0) as memory:
            memory.seek(address)
            return memory.read(size)

    def text(self, address):
        page = 4096 - address % 4096
        try:
            text = self.memory(address, page)
            if b"\0" not in text:
                text += self.memory(address + page, 4096)
        except OSError:
            return "?"
        return text.split(b"\0")[0].decode(errors="replace")

    def link(self, descriptor):
        try:
            return os.readlink(f"/proc/{self.process}/fd/{descriptor & 0xFFFFFFFF}")
        except OSError:
            return "?"

    def short(self, path):
        path = path.removeprefix(f"{self.lab}/").replace(self.lab.name, "LAB")
        for pattern, word in IDS:
            path = pattern.sub(word, path)
        return path.replace(self.pod, "POD")


def main():
    plan = json.loads(sys.stdin.readline())
    tracer = Tracer(int(sys.argv[1]), plan, os.environ["LAB_WORK"], sys.argv[2])
    tracer.attach()

    def until_told():
        sys.stdin.read()
        # The kernel lets all threads go on without us.
        os._exit(0)

    threading.Thread(target=until_told, daemon=True).start()
    print(json.dumps("ready"), flush=True)
    tracer.run()


if __name__ == "__main__":
    main()
