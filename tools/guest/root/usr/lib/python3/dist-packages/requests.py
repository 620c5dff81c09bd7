# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0
"""Stands for the library of this name, whose import is a tenth of the time to a ready guest under QEMU's TCG.

cloud-init imports it always, but uses it only for data sources and user-data behind a URL. This guest has neither.
"""

import sys


class RequestException(OSError):
    pass


class Timeout(RequestException):
    pass


class Response:
    pass


class Session:
    def __init__(self):
        raise RequestException("no HTTP for cloud-init in this guest")


exceptions = sys.modules[__name__]
