// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation

/// Tells systemd how the service does (sd_notify(3)), where systemd asked for it.
enum Notifier {
    static func send(_ text: String) {
        guard let socket = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"], !socket.isEmpty else {
            return
        }
        _ = socket.withCString { path in
            text.withCString { clinux_send_datagram_unix(path, $0, text.utf8.count) }
        }
    }
}
