// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
public import NetworkTypes

/// An attachment that a runtime still has, as GC lists it.
public struct CNIAttachment: Hashable, Sendable {
    /// The container.
    public let containerID: ContainerID
    /// The interface's name in it.
    public let interface: InterfaceName

    /// An attachment.
    public init(containerID: ContainerID, interface: InterfaceName) {
        self.containerID = containerID
        self.interface = interface
    }
}

extension CNIConfiguration {
    /// What GC must keep: `cni.dev/valid-attachments`, and the same list under its older name
    /// `cni.dev/attachments`; nil where there is neither.
    ///
    /// What either of the two lists is kept.
    ///
    /// - Throws: Code 7 where an entry is wrong: nothing may be removed then.
    public func validAttachments() throws(CNIError) -> [CNIAttachment]? {
        var valid: [CNIAttachment] = []
        var isListed = false
        for key in ["cni.dev/valid-attachments", "cni.dev/attachments"] where fields.value(key) != nil {
            isListed = true
            let list = try configuring { () throws(JSONError) in
                var list: [CNIAttachment] = []
                for entry in try fields.list(key) { list.append(try CNIAttachment(entry)) }
                return list
            }
            valid += list
        }
        return isListed ? valid : nil
    }
}

extension CNIAttachment {
    init(_ fields: JSONFields) throws(JSONError) {
        guard let containerID = ContainerID(try fields.string("containerID")) else {
            throw fields.error("containerID", "is not a container id")
        }
        guard let interface = InterfaceName(try fields.string("ifname")) else {
            throw fields.error("ifname", "is not an interface name")
        }
        self.init(containerID: containerID, interface: interface)
    }
}
