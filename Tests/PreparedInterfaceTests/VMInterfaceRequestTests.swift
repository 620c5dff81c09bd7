// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import TestSupport
import Testing

@testable import CNIProtocol
@testable import PreparedInterface

@Suite struct VMInterfaceRequestTests {
    private let folder = TemporaryFolder()

    private func find(_ runtimeConfig: String = "null", file: String? = nil) throws -> VMInterfaceRequest? {
        if let file { folder.write(file, to: "sandboxes/c0ffee.json") }
        let configuration = try CNIConfiguration(
            Array(#"{"cniVersion":"1.1.0","name":"net","runtimeConfig":\#(runtimeConfig)}"#.utf8)
        )
        let variables = ["CNI_CONTAINERID": "c0ffee", "CNI_IFNAME": "eth0", "CNI_NETNS": "/run/netns/x"]
        let request = try CNIRequest(
            .add,
            environment: CNIEnvironment { variables[$0] },
            configuration: configuration
        )
        return try VMInterfaceRequest.find(request, runFolder: RunFolder(folder.path))
    }

    @Test(arguments: ["null", "{}", #"{"vmInterface":null}"#, #"{"portMappings":[]}"#])
    func `an ordinary container asks for nothing`(runtimeConfig: String) throws {
        #expect(try find(runtimeConfig) == nil)
        #expect(try find(runtimeConfig, file: "{}") == nil)
    }

    @Test func `the capability is read, with its defaults`() throws {
        let full = try #require(
            try find(#"{"vmInterface":{"kind":"tap","queues":4,"ownerUID":64200,"runtime":"other"}}"#)
        )
        #expect(full.queues == 4)
        #expect(full.ownerUID == 64_200)
        #expect(full.runtime.text == "other")
        let least = try #require(try find(#"{"vmInterface":{"ownerUID":0}}"#))
        #expect(least.queues == 256)
        #expect(least.ownerUID == 0)
        #expect(least.runtime.text == "vm-runtime")
    }

    @Test func `the sandbox's file stands in for a capability that was dropped`() throws {
        let file = #"{"vmInterface":{"ownerUID":107,"queues":2}}"#
        #expect(try find(file: file)?.ownerUID == 107)
        #expect(try find(#"{"vmInterface":{"ownerUID":1}}"#, file: file)?.ownerUID == 1)
    }

    /// A file in there is never changed, only added.
    @Test(arguments: ["sandbox-without-schema.json", "sandbox-schema-1.json"])
    func `the sandbox's file is read in every form that was ever written`(name: String) throws {
        let golden = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let text = try #require(TestFile.read("/\(golden)/Golden/\(name)"))
        let request = try #require(try find(file: text))
        #expect(request.kind == nil && request.queues == 4 && request.ownerUID == 64_200)
        #expect(request.runtime.text == "vm-runtime")
    }

    @Test func `the sandbox's file of a newer version is refused by its number`() {
        let error = #expect(throws: CNIError.self) {
            try find(file: #"{"schema":2,"vmInterface":{"ownerUID":107,"queues":2}}"#)
        }
        #expect(error?.message.contains("2 is not known here") == true)
    }

    @Test(arguments: [
        (#"{}"#, "ownerUID"), (#"{"ownerUID":-1}"#, "ownerUID"), (#"{"ownerUID":4294967295}"#, "ownerUID"),
        (#"{"ownerUID":"0"}"#, "ownerUID"), (#"{"ownerUID":0,"queues":0}"#, "queues"),
        (#"{"ownerUID":0,"queues":257}"#, "queues"), (#"{"ownerUID":0,"kind":"vhostuser"}"#, "kind"),
        (#"{"ownerUID":0,"kind":5}"#, "kind"), (#"{"ownerUID":0,"runtime":"a b"}"#, "runtime"),
        (#"{"ownerUID":0,"runtime":""}"#, "runtime"),
    ])
    func `a wrong field has code 7 and is named`(request: String, field: String) {
        let text = #"{"vmInterface":\#(request)}"#
        let error = #expect(throws: CNIError.self) { _ = try find(text) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("\"runtimeConfig.vmInterface.\(field)\"") == true)
        let inFile = #expect(throws: CNIError.self) { _ = try find(file: text) }
        #expect(inFile?.code == .invalidConfiguration)
        #expect(inFile?.message.contains("sandboxes/c0ffee.json: field \"vmInterface.\(field)\"") == true)
    }

    @Test(arguments: ["", "{", "[]", "5"])
    func `a broken file is an error: a VM must not become a container`(file: String) {
        let error = #expect(throws: CNIError.self) { _ = try find(file: file) }
        #expect(error?.code == .invalidConfiguration)
    }
}
