// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
public import JSON
import NetworkTypes

extension PreparedInterface {
    /// The JSON form.
    public var json: JSONValue {
        var object = JSONObject([
            ("schema", .integer(Self.schema)),
            ("containerID", .string(key.containerID.text)),
            ("interface", .string(key.interface.text)),
            ("owner", .string(owner.text)),
            ("network", network.json),
            ("pod", pod.json),
            ("bootID", .string(bootID.text)),
            ("index", .integer(index)),
            ("guest", guest.json),
            ("attachment", attachment.json),
            ("created", .array(created.map { $0.json })),
        ])
        if addedWith != key.interface { object["addedWith"] = .string(addedWith.text) }
        if let former {
            object["former"] = .object(
                JSONObject([
                    ("attachment", former.attachment.json),
                    ("created", .array(former.created.map { $0.json })),
                    ("owner", .string(former.owner.text)),
                ])
            )
        }
        object["port"] = port?.json
        object["subInterface"] = subInterface?.json
        object["bandwidth"] = bandwidth?.json
        return .object(object)
    }

    /// Reads the JSON form.
    ///
    /// - Throws: `JSONError.field` that names what is missing or wrong; also for any other schema.
    public init(json: JSONValue) throws(JSONError) {
        let fields = try JSONFields(json)
        let schema = try fields.integer("schema", in: 0...Int.max)
        guard (1...Self.schema).contains(schema) else {
            throw fields.error(
                "schema",
                "\(schema) is not known here; this version reads 1 to \(Self.schema)"
            )
        }
        guard let containerID = ContainerID(try fields.string("containerID")) else {
            throw fields.error("containerID", "is not a container id")
        }
        key = InterfaceKey(containerID: containerID, interface: try fields.interfaceName("interface"))
        addedWith =
            try fields.value("addedWith") == nil ? key.interface : fields.interfaceName("addedWith")
        owner = try fields.runtimeName("owner")
        network = try NetworkReference(fields.fields("network"))
        pod = try PodReference(fields.fields("pod"))
        bootID = BootID(try fields.string("bootID"))
        guard !bootID.text.isEmpty else { throw fields.error("bootID", "is empty") }
        index = try fields.integer("index", in: 0...4095)
        guest = try GuestConfiguration(fields.fields("guest"))
        attachment = try Attachment(fields.fields("attachment"))
        created = try fields.kernelObjects("created")
        if let inner = try fields.optionalFields("former") {
            former = Former(
                attachment: try Attachment(inner.fields("attachment")),
                created: try inner.kernelObjects("created"),
                owner: try inner.runtimeName("owner")
            )
        }
        if let inner = try fields.optionalFields("port") { port = try VRouterPort(inner) }
        if let inner = try fields.optionalFields("subInterface") {
            subInterface = try VRouterSubInterface(inner)
        }
        if let inner = try fields.optionalFields("bandwidth") { bandwidth = try Bandwidth(inner) }
    }
}

extension NetworkReference {
    var json: JSONValue {
        var object = JSONObject([("name", .string(name))])
        object["virtualNetwork"] = virtualNetwork.map { .string($0) }
        return .object(object)
    }

    init(_ fields: JSONFields) throws(JSONError) {
        name = try fields.string("name")
        virtualNetwork = try fields.optionalString("virtualNetwork")
    }
}

extension PodReference {
    var json: JSONValue {
        var object = JSONObject([
            ("cluster", .string(cluster)), ("namespace", .string(namespace)), ("name", .string(name)),
        ])
        object["uid"] = uid.map { .string($0) }
        return .object(object)
    }

    init(_ fields: JSONFields) throws(JSONError) {
        cluster = try fields.podName("cluster")
        namespace = try fields.podName("namespace")
        name = try fields.podName("name")
        uid = try fields.optionalString("uid")
    }
}

extension VRouterPort {
    var json: JSONValue {
        .object(
            JSONObject([
                ("kind", .string(kind.rawValue)), ("vm", .string(vm.text)), ("vmi", .string(vmi.text)),
                ("vn", .string(vn.text)), ("vmName", .string(vmName)), ("systemName", .string(systemName)),
                ("agent", .string(agent)), ("file", .string(file)),
            ])
        )
    }

    init(_ fields: JSONFields) throws(JSONError) {
        guard let kind = Kind(rawValue: try fields.string("kind")) else {
            throw fields.error("kind", "is neither \"vm\" nor \"port\"")
        }
        self.kind = kind
        vm = try fields.uuid("vm")
        vmi = try fields.uuid("vmi")
        vn = try fields.uuid("vn")
        vmName = try fields.string("vmName")
        guard isIdentifier(vmName), vmName.utf8.count <= 255 else {
            throw fields.error("vmName", "is not a VM's name")
        }
        systemName = try fields.string("systemName")
        agent = try fields.string("agent")
        file = try fields.absolutePath("file")
    }
}

extension VRouterSubInterface {
    var json: JSONValue {
        .object(
            JSONObject([
                ("vm", .string(vm.text)), ("vmi", .string(vmi.text)), ("vn", .string(vn.text)),
            ])
        )
    }

    init(_ fields: JSONFields) throws(JSONError) {
        vm = try fields.uuid("vm")
        vmi = try fields.uuid("vmi")
        vn = try fields.uuid("vn")
    }
}
