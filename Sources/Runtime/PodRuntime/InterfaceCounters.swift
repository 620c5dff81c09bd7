// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Pods
import PreparedInterface

/// What went through the network devices of one namespace.
struct InterfaceCounters: Hashable, Sendable {
    private var devices: [Substring: [UInt64]] = [:]

    /// Reads a text like that of /proc/net/dev; see proc_net(5).
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            guard let colon = line.lastIndex(of: ":") else { continue }
            let numbers = line[line.index(after: colon)...].split(separator: " ").compactMap { UInt64($0) }
            if numbers.count >= 16 { devices[line[..<colon].drop { $0 == " " }] = numbers }
        }
    }

    /// Those of this thread's namespace.
    init() throws(SystemError) {
        let bytes = try Files.read("/proc/thread-self/net/dev", limit: 16 << 20) ?? []
        self.init(String(decoding: bytes, as: UTF8.self))
    }

    /// What went through a device, as the pod sees it; nil where there is no such device.
    ///
    /// `isReversed`: what the device receives, the pod has sent.
    func usage(of device: String, as name: String, isReversed: Bool) -> InterfaceUsage? {
        guard let numbers = devices[Substring(device)] else { return nil }
        let received = (bytes: numbers[0], errors: numbers[2])
        let sent = (bytes: numbers[8], errors: numbers[10])
        let (toPod, fromPod) = isReversed ? (sent, received) : (received, sent)
        return InterfaceUsage(
            name: name,
            receivedBytes: toPod.bytes,
            receiveErrors: toPod.errors,
            sentBytes: fromPod.bytes,
            sendErrors: fromPod.errors
        )
    }
}

/// Where the traffic of a pod's interface is counted.
struct CountedDevice: Hashable, Sendable {
    /// The interface's name in the pod.
    let name: String
    /// The device's name.
    let device: String
    /// The path of its network namespace; nil for this node's.
    let namespace: String?
    /// Whether the device receives what the pod sends.
    let isReversed: Bool

    /// A device that counts from the pod's side.
    init(name: String, device: String, namespace: String?) {
        self.name = name
        self.device = device
        self.namespace = namespace
        isReversed = false
    }

    /// Nil where no device of the kernel's counts it: frames of vhost-user pass it by.
    init?(_ interface: PreparedInterface) {
        name = interface.key.interface.text
        switch interface.attachment {
        case .tap(let tap):
            // Frames of a tap that is redirected go through the pod's own veth, which others see, too.
            isReversed = tap.joinedBy == .direct
            device = isReversed ? tap.name.text : name
            namespace = tap.namespace.podPath
        case .veth, .macvlan:
            guard let own = interface.attachment.podNamespace else { return nil }
            isReversed = false
            device = name
            namespace = own.podPath
        case .vhostUser, .vlan: return nil
        }
    }
}

extension NamespaceReference {
    fileprivate var podPath: String? {
        if case .pod(let path, _, _) = self { path } else { nil }
    }
}
