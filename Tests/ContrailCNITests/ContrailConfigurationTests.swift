// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import TestSupport
import Testing
import Yams

@testable import ContrailCNI

@Suite struct ContrailConfigurationTests {
    private let folder = TemporaryFolder()

    private func configuration(_ contrail: String = "{}") throws -> ContrailConfiguration {
        try ContrailConfiguration(
            Example.configuration(contrail: contrail),
            fileFolders: [folder.path("net.d")]
        )
    }

    private func mtu(_ contrail: String) throws -> Int? {
        guard case .fixed(let mtu) = try configuration(contrail).mtu else { return nil }
        return mtu
    }

    /// The defaults of the Go plugin, and ours where it has none.
    @Test(arguments: ["{}", "null"])
    func `without fields the defaults are those of the Go plugin`(contrail: String) throws {
        let configuration = try configuration(contrail)
        #expect(configuration.clusterName == "k8s")
        #expect(configuration.agent.text == "127.0.0.1:9091")
        #expect(configuration.configFolder == "/var/lib/contrail/ports/vm")
        #expect(configuration.requestLimit == 3_000_000)
        #expect(configuration.overallLimit == 60_000_000)
        #expect(try mtu(contrail) == 1500)
        #expect(configuration.v6PrefixLength == 64)
        #expect(configuration.logFile == "/var/log/contrail/cni/opencontrail.log")
        #expect(configuration.logLevel == 4)
        #expect(configuration.runFolder.path == "/run/contrail-vm")
        #expect(configuration.stateFolder == "/var/lib/contrail-vm")
        #expect(configuration.store.folder == "/run/contrail-vm/interfaces")
        #expect(configuration.debts.folder == "/var/lib/contrail-vm/owed")
        #expect(configuration.agentFiles.folder == "/var/lib/contrail/ports/vm")
    }

    @Test func `every field is read`() throws {
        let configuration = try configuration(
            #"{"cluster-name":"prod.1","vrouter-ip":"10.0.0.1","vrouter-port":9999,"config-dir":"/a","poll-timeout":2,"#
                + #""poll-retries":5,"mtu":9000,"ipv6-prefix-length":96,"log-file":"/b","log-level":"2","#
                + #""run-dir":"/c","state-dir":"/d","vif-type":"veth","mode":"k8s","unknown":true}"#
        )
        #expect(configuration.clusterName == "prod.1")
        #expect(configuration.agent.text == "10.0.0.1:9999")
        #expect(configuration.configFolder == "/a")
        #expect(configuration.requestLimit == 2_000_000)
        #expect(configuration.overallLimit == 10_000_000)
        #expect(configuration.v6PrefixLength == 96)
        #expect(configuration.logFile == "/b")
        #expect(configuration.logLevel == 2)
        #expect(configuration.runFolder.path == "/c")
        #expect(configuration.stateFolder == "/d")
    }

    @Test func `the MTU is a number or "auto"`() throws {
        #expect(try mtu(#"{"mtu":1280}"#) == 1280)
        #expect(try mtu(#"{"mtu":65535}"#) == 65_535)
        #expect(try mtu(#"{"mtu":"auto"}"#) == nil)
    }

    @Test func `a nested node's pods are on eth0, unless another interface is named`() throws {
        #expect(try configuration().attaches == .veth)
        #expect(try configuration().parentInterface == nil)
        #expect(try configuration(#"{"parent-interface":"eth1"}"#).parentInterface?.text == "eth1")
        let nested = try configuration(#"{"vif-type":"macvlan"}"#)
        #expect(nested.attaches == .macvlan && nested.parentInterface?.text == "eth0")
        let named = try configuration(#"{"vif-type":"macvlan","parent-interface":"ens3"}"#)
        #expect(named.parentInterface?.text == "ens3")
    }

    @Test func `the agent may listen on IPv6`() throws {
        #expect(try configuration(#"{"vrouter-ip":"::1"}"#).agent.text == "[::1]:9091")
    }

    @Test(arguments: [#"{"log-level":"7"}"#, #"{"log-level":7}"#, #"{"LOG-LEVEL":7}"#])
    func `the log level is a text, or the number that people write`(contrail: String) throws {
        #expect(try configuration(contrail).logLevel == 7)
    }

    @Test(arguments: ["debug", "", "INFO", "4.5"])
    func `a log level that is no number has no effect, as with the Go plugin`(text: String) throws {
        #expect(try configuration(#"{"log-level":"\#(text)"}"#).logLevel == 4)
    }

    @Test func `of keys that Go takes for one, the last counts, and standard input's before a file's`() throws
    {
        #expect(try configuration(#"{"mtu":1300,"MTU":1400,"Mtu":null}"#).clusterName == "k8s")
        #expect(try mtu(#"{"mtu":1300,"MTU":1400,"Mtu":null}"#) == 1400)
        folder.write(#"{"Contrail":{"mtu":1600,"Mtu":1700}}"#, to: "net.d/10-contrail.conf")
        #expect(try mtu("{}") == 1700)
        #expect(try mtu(#"{"mtu":1300}"#) == 1300)
    }

    @Test func `in an undo's, a wrong value counts as absent, and a broken file as none`() throws {
        folder.write(
            #"{"contrail":{"cluster-name":"file","vrouter-port":77,"poll-timeout":"x"}}"#,
            to: "net.d/1-contrail.conf"
        )
        func read(_ contrail: String) throws -> ContrailConfiguration {
            try ContrailConfiguration(
                CNIConfiguration(ofUndo: Array(#"{"name":"n","contrail":\#(contrail)}"#.utf8)),
                fileFolders: [folder.path("net.d")]
            )
        }
        let mixed = try read(
            #"{"cluster-name":"../x","Vrouter-Port":0,"mtu":true,"run-dir":"/r","config-dir":5}"#
        )
        #expect(mixed.clusterName == "file" && mixed.agent.port == 77 && mixed.runFolder.path == "/r")
        #expect(mixed.configFolder == "/var/lib/contrail/ports/vm" && mixed.requestLimit == 3_000_000)
        #expect(!mixed.isWhole)
        #expect(try read("[]").clusterName == "file")
        folder.write("{", to: "net.d/1-contrail.conf")
        let broken = try read(#"{"run-dir":"/r"}"#)
        #expect(broken.runFolder.path == "/r" && broken.clusterName == "k8s")
    }

    @Test(arguments: [
        (#""cluster-name":"../x""#, "cluster-name"), (#""cluster-name":"""#, "cluster-name"),
        (#""cluster-name":"a b""#, "cluster-name"), (#""cluster-name":5"#, "cluster-name"),
        (#""vrouter-ip":"localhost""#, "vrouter-ip"), (#""vrouter-ip":"""#, "vrouter-ip"),
        (#""vrouter-ip":5"#, "vrouter-ip"),
        (#""vrouter-port":0"#, "vrouter-port"), (#""vrouter-port":65536"#, "vrouter-port"),
        (#""vrouter-port":"9091""#, "vrouter-port"), (#""poll-timeout":0"#, "poll-timeout"),
        (#""poll-timeout":301"#, "poll-timeout"), (#""poll-timeout":1.5"#, "poll-timeout"),
        (#""poll-retries":0"#, "poll-retries"), (#""poll-retries":101"#, "poll-retries"),
        (#""mtu":1279"#, "mtu"),
        (#""mtu":65536"#, "mtu"), (#""mtu":"1500""#, "mtu"), (#""mtu":"Auto""#, "mtu"),
        (#""mtu":true"#, "mtu"),
        (#""ipv6-prefix-length":0"#, "ipv6-prefix-length"),
        (#""ipv6-prefix-length":129"#, "ipv6-prefix-length"),
        (#""config-dir":"a""#, "config-dir"), (#""config-dir":"""#, "config-dir"),
        (#""config-dir":"/a\u0000""#, "config-dir"),
        (#""run-dir":"a/b""#, "run-dir"), (#""run-dir":5"#, "run-dir"), (#""state-dir":"./a""#, "state-dir"),
        (#""log-file":"a.log""#, "log-file"),
        (#""log-level":4.5"#, "log-level"),
        (#""log-level":true"#, "log-level"), (#""vif-type":"ipvlan""#, "vif-type"),
        (#""parent-interface":"a/b""#, "parent-interface"), (#""parent-interface":5"#, "parent-interface"),
        (#""vif-type":5"#, "vif-type"),
    ])
    func `a bad value has code 7 and names its field`(field: String, name: String) {
        let error = #expect(throws: CNIError.self) { _ = try configuration("{\(field)}") }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("field \"contrail.\(name)\":") == true, "\(error?.message ?? "")")
    }

    @Test(arguments: ["5", "[]", "\"x\""])
    func `what is no object is named`(contrail: String) {
        let error = #expect(throws: CNIError.self) { _ = try configuration(contrail) }
        #expect(error?.message.contains("field \"contrail\":") == true)
    }

    // The Go plugin's own file

    @Test func `a file's fields count where standard input has none, key by key`() throws {
        folder.write(
            #"{"cniVersion":"0.3.1","contrail":{"cluster-name":"file","vrouter-port":1,"mtu":1400},"name":"x"}"#,
            to: "net.d/10-contrail.conf"
        )
        let configuration = try configuration(#"{"cluster-name":"input","mtu":null}"#)
        #expect(configuration.clusterName == "input")
        #expect(configuration.agent.port == 1)
        #expect(try mtu(#"{"cluster-name":"input","mtu":null}"#) == 1400)
    }

    @Test func `the first file by name counts, of those whose name ends as the Go plugin's`() throws {
        folder.write(#"{"contrail":{"cluster-name":"list"}}"#, to: "net.d/00-contrail.conflist")
        folder.write(#"{"contrail":{"cluster-name":"other"}}"#, to: "net.d/01-other.conf")
        folder.write(#"{"contrail":{"cluster-name":"hidden"}}"#, to: "net.d/.02-contrail.conf")
        #expect(try configuration().clusterName == "k8s")
        folder.write(#"{"contrail":{"cluster-name":"second"}}"#, to: "net.d/20-contrail.conf")
        #expect(try configuration().clusterName == "second")
        folder.write(#"{"contrail":{"cluster-name":"first"}}"#, to: "net.d/10-tf-cni.conf")
        #expect(try configuration().clusterName == "first")
    }

    @Test func `the first folder with a file counts`() throws {
        folder.write(#"{"contrail":{"cluster-name":"b"}}"#, to: "b/10-contrail.conf")
        folder.write(#"{"contrail":{"cluster-name":"c"}}"#, to: "c/10-contrail.conf")
        let folders = ["none", "b", "c"].map { folder.path($0) }
        #expect(try ContrailConfiguration(Example.configuration(), fileFolders: folders).clusterName == "b")
    }

    @Test func `a file without the object is no file with defaults: standard input still counts`() throws {
        folder.write("{}", to: "net.d/10-contrail.conf")
        #expect(try configuration(#"{"cluster-name":"input"}"#).clusterName == "input")
        #expect(try configuration().clusterName == "k8s")
    }

    @Test(arguments: ["", "{", "[]", #"{"contrail":5}"#])
    func `a broken file has code 7 and is named`(content: String) {
        folder.write(content, to: "net.d/10-contrail.conf")
        let error = #expect(throws: CNIError.self) { _ = try configuration() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.hasPrefix(folder.path("net.d/10-contrail.conf")) == true)
    }

    @Test func `a bad value of a file names its field`() {
        folder.write(#"{"contrail":{"mtu":1}}"#, to: "net.d/10-contrail.conf")
        let error = #expect(throws: CNIError.self) { _ = try configuration() }
        #expect(error?.message.contains("field \"contrail.mtu\":") == true)
    }

    @Test(arguments: ["net-a", "existing-network", "vhost-user"])
    func `a shipped NetworkAttachmentDefinition loads`(name: String) throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let text = try #require(TestFile.read("/\(root)/conf/net-attach-def/\(name).yaml"))
        let definition = try #require(try Yams.load(yaml: text) as? [String: Any])
        #expect(definition["kind"] as? String == "NetworkAttachmentDefinition")
        let config = try #require((definition["spec"] as? [String: Any])?["config"] as? String)
        let configuration = try CNIConfiguration(Array(config.utf8))
        // kube-manager counts definitions of this type only.
        #expect(try configuration.fields.string("type") == "contrail-k8s-cni")
        #expect(try configuration.fields.fields("capabilities").optionalBool("vmInterface") == true)
        _ = try ContrailConfiguration(configuration, fileFolders: [])
    }
}
