// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import DomainXML

/// What was decided about a VM, within a container's row.
struct GuestHardwareRow: Codable {
    struct Interface: Codable {
        var name: String
        var queues: Int
        var isWrapped: Bool
    }

    var accelerator: String
    var board: String
    var interfaces: [Interface]
    var wrapper: String?
    var usesVhost: Bool

    init(_ hardware: GuestHardware) {
        accelerator = hardware.accelerator.rawValue
        board = hardware.board.rawValue
        interfaces = hardware.interfaces.map {
            Interface(name: $0.name, queues: $0.queues, isWrapped: $0.isWrapped)
        }
        wrapper = hardware.wrapper
        usesVhost = hardware.usesVhost
    }

    func value() throws(RowError) -> GuestHardware {
        GuestHardware(
            accelerator: try meaning(accelerator, "accelerator"),
            board: try meaning(board, "board"),
            interfaces: interfaces.map {
                GuestHardware.Interface(name: $0.name, queues: $0.queues, isWrapped: $0.isWrapped)
            },
            wrapper: wrapper,
            usesVhost: usesVhost
        )
    }
}
