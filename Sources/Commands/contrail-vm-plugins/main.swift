// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNIProtocol
import ContrailCNI

_exit(run(String(cString: clinux_program_name())))
