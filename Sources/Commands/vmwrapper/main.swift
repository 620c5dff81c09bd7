// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import VMWrapper

let failure = Wrapper().run()
let message = Array(failure.message.utf8)
_ = write(2, message, message.count)
_exit(1)
