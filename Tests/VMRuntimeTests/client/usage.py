# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""What a process uses."""

import os
import pathlib

TICKS = os.sysconf("SC_CLK_TCK")


def cpu(process):
    """User and system time of a process so far, in ms."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICKS


def anonymous(process):
    """Anonymous memory of a process, in MiB."""
    for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no Anonymous in smaps_rollup")


def percentile(values, percent):
    """Of sorted values."""
    return values[min(len(values) - 1, len(values) * percent // 100)]
