// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import DomainXML
import Machines
import Pods
import PreparedInterface

/// What is decided about a VM when it is made; its start goes by this, whatever the node has become since.
struct GuestHardware: Hashable, Sendable {
    /// An interface of the VM.
    struct Interface: Hashable, Sendable {
        /// Its name in the sandbox.
        var name: String
        /// The queues that QEMU opens.
        var queues: Int
        /// Whether the wrapper brings its tap.
        var isWrapped: Bool
    }

    /// What runs the guest's instructions.
    var accelerator: Domain.Accelerator
    /// The board.
    var board: Domain.Board
    /// Its interfaces, in their order.
    var interfaces: [Interface] = []
    /// The wrapper; nil where no interface needs one.
    var wrapper: String?
    /// Whether the kernel's vhost-net serves the wrapper's queues.
    var usesVhost = false

    /// Decides about the devices of a VM.
    mutating func decide(_ devices: [DomainInterface], of interfaces: [PreparedInterface], wrapper: String) {
        self.interfaces = zip(interfaces, devices).map { prepared, device in
            Interface(
                name: prepared.key.interface.text,
                queues: device.queues,
                isWrapped: device.backend == .wrappedTap
            )
        }
        guard self.interfaces.contains(where: \.isWrapped) else { return }
        self.wrapper = wrapper
        usesVhost = accelerator == .kvm && access("/dev/vhost-net", R_OK | W_OK) == 0
    }

    /// The taps that the wrapper is given, from what is prepared now.
    func taps(of prepared: [PreparedInterface]) throws(PodServiceError) -> [QueueService.Source] {
        var taps: [QueueService.Source] = []
        for interface in interfaces where interface.isWrapped {
            let found = prepared.first { $0.key.interface.text == interface.name }
            guard case .tap(let tap) = found?.attachment else {
                throw PodServiceError(
                    .failedPrecondition,
                    "the VM was made with a tap for \(interface.name), and its network has none now: make the pod anew"
                )
            }
            let vhosts = usesVhost ? interface.queues : 0
            taps.append(QueueService.Source(tap: tap, queues: interface.queues, vhosts: vhosts))
        }
        return taps
    }
}
