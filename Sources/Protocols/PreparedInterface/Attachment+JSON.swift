// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import JSON
import NetworkTypes

extension Attachment {
    var json: JSONValue {
        switch self {
        case .veth(let veth):
            var object = JSONObject([("type", .string("veth"))])
            object["host"] = veth.host.map { .string($0.text) }
            object["namespace"] = veth.namespace.json
            return .object(object)
        case .tap(let tap):
            return .object(
                JSONObject([
                    ("type", .string("tap")), ("name", .string(tap.name.text)),
                    ("namespace", tap.namespace.json),
                    ("multiQueue", .bool(tap.isMultiQueue)), ("mostQueues", .integer(tap.mostQueues)),
                    ("vnetHeader", .bool(tap.hasVnetHeader)), ("ownerUID", .integer(Int(tap.ownerUID))),
                    ("joinedBy", .string(tap.joinedBy.rawValue)),
                ])
            )
        case .vhostUser(let socket):
            return .object(
                JSONObject([
                    ("type", .string("vhostUser")), ("path", .string(socket.path)),
                    ("listener", .string(socket.listener.rawValue)),
                    ("mostQueues", .integer(socket.mostQueues)),
                    ("ownerUID", .integer(Int(socket.ownerUID))),
                ])
            )
        case .vlan(let vlan):
            var object = JSONObject([
                ("type", .string("vlan")), ("parent", .string(vlan.parent.text)), ("tag", .integer(vlan.tag)),
            ])
            object["namespace"] = vlan.namespace?.json
            return .object(object)
        case .macvlan(let macvlan):
            return .object(
                JSONObject([
                    ("type", .string("macvlan")), ("host", .string(macvlan.host.text)),
                    ("parent", .string(macvlan.parent.text)), ("tag", .integer(macvlan.tag)),
                    ("namespace", macvlan.namespace.json),
                ])
            )
        }
    }

    init(_ fields: JSONFields) throws(JSONError) {
        let type = try fields.string("type")
        switch type {
        case "veth":
            var host: InterfaceName?
            if fields.value("host") != nil { host = try fields.interfaceName("host") }
            self = .veth(Veth(host: host, namespace: try fields.namespace("namespace")))
        case "tap":
            guard let joining = Joining(rawValue: try fields.string("joinedBy")) else {
                throw fields.error("joinedBy", "is neither \"direct\" nor \"redirect\"")
            }
            self = .tap(
                Tap(
                    name: try fields.interfaceName("name"),
                    namespace: try fields.namespace("namespace"),
                    isMultiQueue: try fields.flag("multiQueue"),
                    mostQueues: try fields.integer("mostQueues", in: 1...256),
                    hasVnetHeader: try fields.flag("vnetHeader"),
                    ownerUID: UInt32(try fields.integer("ownerUID", in: 0...Int(UInt32.max))),
                    joinedBy: joining
                )
            )
        case "vhostUser":
            guard let listener = VhostUser.Listener(rawValue: try fields.string("listener")) else {
                throw fields.error("listener", "is neither \"guest\" nor \"vrouter\"")
            }
            self = .vhostUser(
                VhostUser(
                    path: try fields.absolutePath("path"),
                    listener: listener,
                    mostQueues: try fields.integer("mostQueues", in: 1...256),
                    ownerUID: UInt32(try fields.integer("ownerUID", in: 0...Int(UInt32.max)))
                )
            )
        case "vlan":
            var namespace: NamespaceReference?
            if fields.value("namespace") != nil { namespace = try fields.namespace("namespace") }
            self = .vlan(
                VLAN(
                    parent: try fields.interfaceName("parent"),
                    tag: try fields.integer("tag", in: 1...4094),
                    namespace: namespace
                )
            )
        case "macvlan":
            self = .macvlan(
                Macvlan(
                    host: try fields.interfaceName("host"),
                    parent: try fields.interfaceName("parent"),
                    tag: try fields.integer("tag", in: 1...4094),
                    namespace: try fields.namespace("namespace")
                )
            )
        default: throw fields.error("type", "the attachment \"\(type)\" is not known here")
        }
    }
}

extension KernelObject {
    var json: JSONValue {
        switch self {
        case .link(let name, let namespace): Self.json("link", "name", name, namespace)
        case .ingressQdisc(let device, let namespace): Self.json("ingressQdisc", "device", device, namespace)
        case .redirectFilter(let device, let namespace):
            Self.json("redirectFilter", "device", device, namespace)
        case .file(let path): .object(JSONObject([("type", .string("file")), ("path", .string(path))]))
        }
    }

    private static func json(
        _ type: String,
        _ key: String,
        _ name: InterfaceName,
        _ namespace: NamespaceReference
    ) -> JSONValue {
        .object(
            JSONObject([("type", .string(type)), (key, .string(name.text)), ("namespace", namespace.json)])
        )
    }

    init(_ fields: JSONFields) throws(JSONError) {
        let type = try fields.string("type")
        if type == "file" {
            self = .file(path: try fields.absolutePath("path"))
            return
        }
        let namespace = try fields.namespace("namespace")
        switch type {
        case "link": self = .link(name: try fields.interfaceName("name"), namespace: namespace)
        case "ingressQdisc":
            self = .ingressQdisc(device: try fields.interfaceName("device"), namespace: namespace)
        case "redirectFilter":
            self = .redirectFilter(device: try fields.interfaceName("device"), namespace: namespace)
        default: throw fields.error("type", "the object \"\(type)\" is not known here")
        }
    }
}

extension NamespaceReference {
    var json: JSONValue {
        switch self {
        case .host: .string("host")
        case .pod(let path, let device, let inode):
            .object(
                JSONObject([
                    ("path", .string(path)), ("device", .number(String(device))),
                    ("inode", .number(String(inode))),
                ])
            )
        }
    }
}

extension JSONFields {
    func namespace(_ key: String) throws(JSONError) -> NamespaceReference {
        if case .string(let word)? = value(key) {
            guard word == "host" else { throw error(key, "is neither \"host\" nor an object") }
            return .host
        }
        let inner = try fields(key)
        return .pod(
            path: try inner.absolutePath("path"),
            device: UInt64(try inner.integer("device", in: 0...Int.max)),
            inode: UInt64(try inner.integer("inode", in: 0...Int.max))
        )
    }

    func kernelObjects(_ key: String) throws(JSONError) -> [KernelObject] {
        var objects: [KernelObject] = []
        for inner in try list(present(key)) { objects.append(try KernelObject(inner)) }
        return objects
    }

    /// The key of an array or object that must be there, empty or not: a record without one was cut.
    func present(_ key: String) throws(JSONError) -> String {
        guard value(key) != nil else { throw error(key, "is missing") }
        return key
    }

    func absolutePath(_ key: String) throws(JSONError) -> String {
        let path = try string(key)
        guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0) else {
            throw error(key, "is not an absolute path")
        }
        return path
    }

    func flag(_ key: String) throws(JSONError) -> Bool {
        guard let flag = try optionalBool(key) else { throw error(key, "is missing") }
        return flag
    }

    /// A part of the VM's name, which names the lock's file; empty where nobody told.
    func podName(_ key: String) throws(JSONError) -> String {
        let name = try string(key)
        guard name.isEmpty || isIdentifier(name) else { throw error(key, "is not a name of a pod") }
        return name
    }

    func runtimeName(_ key: String) throws(JSONError) -> RuntimeName {
        guard let name = RuntimeName(try string(key)) else { throw error(key, "is not a runtime's name") }
        return name
    }

    func interfaceName(_ key: String) throws(JSONError) -> InterfaceName {
        guard let name = InterfaceName(try string(key)) else { throw error(key, "is not an interface name") }
        return name
    }

    func uuid(_ key: String) throws(JSONError) -> UUID {
        guard let uuid = UUID(try string(key)) else { throw error(key, "is not a lower-case UUID") }
        return uuid
    }

    func address(_ key: String) throws(JSONError) -> IPAddress {
        guard let address = IPAddress(try string(key)) else { throw error(key, "is not an IP address") }
        return address
    }
}
