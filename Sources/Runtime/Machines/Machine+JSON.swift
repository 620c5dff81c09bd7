// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import DomainXML
import JSON
import NetworkTypes

extension Machine {
    var json: JSONValue {
        .object(
            JSONObject([
                ("schema", .integer(Self.schema)), ("name", .string(name)), ("uuid", .string(uuid.text)),
                ("uid", .integer(Int(user.uid))), ("gid", .integer(Int(user.gid))), ("sandbox", sandbox.json),
                (
                    "image",
                    .object(
                        JSONObject([
                            ("path", .string(image.path)), ("format", .string(image.format.rawValue)),
                        ])
                    )
                ), ("memoryMiB", .integer(memoryMiB)), ("vcpus", .integer(vcpus)),
                ("board", .string(board.rawValue)), ("accelerator", .string(accelerator.rawValue)),
                ("started", .bool(wasStarted)),
            ])
        )
    }

    init(json: JSONValue) throws(JSONError) {
        let fields = try JSONFields(json)
        let schema = try fields.integer("schema", in: 0...Int.max)
        guard schema == Self.schema else {
            throw fields.error("schema", "\(schema) is not known here; this version reads \(Self.schema)")
        }
        name = try fields.string("name")
        guard let uuid = UUID(try fields.string("uuid")) else { throw fields.error("uuid", "is no UUID") }
        self.uuid = uuid
        let ids = 1...Int(UInt32.max)
        user = Domain.User(
            uid: UInt32(try fields.integer("uid", in: ids)),
            gid: UInt32(try fields.integer("gid", in: ids))
        )
        sandbox = try Sandbox(fields.fields("sandbox"))
        let image = try fields.fields("image")
        self.image = Image(path: try image.string("path"), format: try image.word("format"))
        memoryMiB = try fields.integer("memoryMiB", in: 1...Int.max)
        vcpus = try fields.integer("vcpus", in: 1...4096)
        board = try fields.word("board")
        accelerator = try fields.word("accelerator")
        wasStarted = try fields.optionalBool("started") ?? false
    }
}

extension Sandbox {
    var json: JSONValue {
        var object = JSONObject([("containerID", .string(containerID.text))])
        object["namespace"] = namespace.map { .string($0) }
        object["podNamespace"] = .string(podNamespace)
        object["podName"] = .string(podName)
        object["networks"] = .array(
            networks.map { network in
                var inner = JSONObject([
                    ("interface", .string(network.interface.text)), ("list", .string(network.list)),
                ])
                inner["result"] = network.result
                return .object(inner)
            }
        )
        return .object(object)
    }

    init(_ fields: JSONFields) throws(JSONError) {
        guard let id = ContainerID(try fields.string("containerID")) else {
            throw fields.error("containerID", "is no container id")
        }
        containerID = id
        namespace = try fields.optionalString("namespace")
        podNamespace = try fields.string("podNamespace")
        podName = try fields.string("podName")
        networks = []
        for inner in try fields.list("networks") {
            guard let name = InterfaceName(try inner.string("interface")) else {
                throw inner.error("interface", "is no interface name")
            }
            networks.append(
                SandboxNetwork(
                    interface: name,
                    list: try inner.string("list"),
                    result: inner.value("result")
                )
            )
        }
    }
}

extension JSONFields {
    /// A text that must be one of a type's words.
    func word<Word: RawRepresentable>(_ key: String) throws(JSONError) -> Word where Word.RawValue == String {
        let text = try string(key)
        guard let word = Word(rawValue: text) else { throw error(key, "\"\(text)\" is not known here") }
        return word
    }
}
