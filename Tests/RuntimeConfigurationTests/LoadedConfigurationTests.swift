// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RuntimeConfiguration

@Suite struct LoadedConfigurationTests {
    private func load(
        _ text: String? = nil,
        environment: [String: String] = [:],
        flags: [String] = []
    ) throws -> LoadedConfiguration {
        try LoadedConfiguration(
            file: text.map { (name: "f.yaml", text: $0) },
            environment: environment,
            flags: flags
        )
    }

    private func failure(
        _ text: String? = nil,
        environment: [String: String] = [:],
        flags: [String] = []
    ) -> String {
        do {
            return "no error: \(try load(text, environment: environment, flags: flags))"
        } catch {
            return "\(error)"
        }
    }

    @Test("nothing told means the defaults")
    func defaults() throws {
        let none = try load().configuration
        #expect(none == RuntimeConfiguration())
        let empty = try load("# nothing\n").configuration
        #expect(empty == RuntimeConfiguration())
    }

    @Test("the file, Virtlet's variables, ours and flags override one another in this order")
    func precedence() throws {
        let file = "libvirt-uri: file:///\n"
        let theirs = ["VIRTLET_LIBVIRT_URI": "virtlet:///"]
        let ours = theirs.merging(["CONTRAIL_VM_LIBVIRT_URI": "ours:///"]) { $1 }
        let uris = [
            try load(file).configuration.libvirtURI,
            try load(file, environment: theirs).configuration.libvirtURI,
            try load(file, environment: ours).configuration.libvirtURI,
            try load(file, environment: ours, flags: ["--libvirt-uri", "flag:///"]).configuration.libvirtURI,
            try load(file, environment: ours, flags: ["--libvirt-uri=a", "--libvirt-uri=b"]).configuration
                .libvirtURI,
        ]
        #expect(uris == ["file:///", "virtlet:///", "ours:///", "flag:///", "b"])
    }

    @Test("every field can be set in the file, the environment and by a flag, and is dumped as it is read")
    func everyField() throws {
        let others = [
            "listen": "/a/b.sock", "operator-socket": "/o.sock", "state-dir": "/s", "run-dir": "/r",
            "libvirt-uri": "test:///default",
            "cni-conf-dir": "/c", "cni-bin-dir": "/p", "image-dir": "/i", "image-download-protocol": "http",
            "image-translation-dir": "/t \"x\" # y", "image-regexp-translation": "false",
            "image-local-addresses": "127.0.0.1:8080, ::1", "image-allow-unknown": "true",
            "image-reserve": "1Gi",
            "emulator-uid-first": "70000", "emulator-uid-count": "5", "memory-overhead": "1Gi",
            "root-volume-limit": "50Gi", "storage-networks": "10.1.0.0/16,2001:db8::/64",
            "start-limit": "9", "vrouter-timeout": "7", "runtime-handlers": "vm,contrail-vm",
            "cgroup-driver": "systemd", "accelerator": "tcg", "metrics": "[::1]:80", "drain-timeout": "0",
            "log-level": "debug",
            "machine-type": "pc", "vmwrapper": "/w", "libvirt-pid-dir": "/l",
        ]
        #expect(Set(others.keys) == Set(RuntimeConfiguration.keys))
        for field in RuntimeConfiguration.fields {
            let value = try #require(others[field.key])
            let byFlag = try load(flags: ["--\(field.key)", value])
            let byVariable = try load(environment: [field.variable: value])
            #expect(field.text(byFlag.configuration) == value)
            #expect(byFlag.configuration == byVariable.configuration)
            #expect(byFlag.configuration != RuntimeConfiguration(), "\(field.key)")
            let again = try load(byFlag.yaml)
            #expect(again.configuration == byFlag.configuration)
            #expect(byFlag.yaml.contains("  # flag --\(field.key)\n"))
            #expect(byVariable.yaml.contains("  # environment \(field.variable)\n"))
        }
    }

    @Test("the dump tells a file's line")
    func origin() throws {
        let dump = try load("\nstart-limit: 7\n").yaml
        #expect(dump.contains("start-limit: 7  # f.yaml:2\n"))
        #expect(dump.contains("log-level: info\n"))
    }

    @Test(
        "a key that is not known is an error with its line and the key that was meant",
        arguments: [
            ("log-level: info\nlisen: /a\n", "f.yaml:2: unknown key \"lisen\"; is \"listen\" meant?"),
            ("logLevel: info\n", "f.yaml:1: unknown key \"logLevel\"; is \"log-level\" meant?"),
            ("cni_conf_dir: /a\n", "f.yaml:1: unknown key \"cni_conf_dir\"; is \"cni-conf-dir\" meant?"),
            ("libvirtURI: a\n", "f.yaml:1: unknown key \"libvirtURI\"; is \"libvirt-uri\" meant?"),
            ("sart-limti: 1\n", "f.yaml:1: unknown key \"sart-limti\"; is \"start-limit\" meant?"),
        ]
    )
    func unknownKey(text: String, expected: String) {
        #expect(failure(text) == expected)
    }

    @Test("a key like none is told what there is")
    func unlikeAny() {
        let message = failure("kubernetes: yes\n")
        #expect(message.contains("unknown key \"kubernetes\"; there are: listen, operator-socket"))
        #expect(
            failure(flags: ["--lsten", "/a"]) == "--lsten: unknown key \"lsten\"; is \"--listen\" meant?"
        )
    }

    @Test(
        "wrong values are errors that say what may be",
        arguments: [
            ("start-limit: many\n", "f.yaml:1: start-limit is \"many\"; it must be a number from 1 to 1024"),
            ("start-limit: 0\n", "f.yaml:1: start-limit is \"0\"; it must be a number from 1 to 1024"),
            ("listen: run/a.sock\n", "f.yaml:1: listen is \"run/a.sock\"; it must be an absolute path"),
            ("accelerator: fast\n", "f.yaml:1: accelerator is \"fast\"; it must be auto, kvm or tcg"),
            ("listen: [/a]\n", "f.yaml:1: listen must be an absolute path, not a list or a map"),
            ("listen:\n", "f.yaml:1: listen is \"\"; it must be an absolute path"),
            ("- listen\n", "f.yaml:1: the file must hold `key: value` lines"),
            ("listen: /a\nlisten: /b\n", "f.yaml:2: more than once: listen"),
            (
                "runtime-handlers: vm,\n",
                "f.yaml:1: runtime-handlers is \"vm,\"; it must be names of lower-case letters, digits and hyphens, with commas between them, or `none`"
            ),
            (
                "image-regexp-translation: perhaps\n",
                "f.yaml:1: image-regexp-translation is \"perhaps\"; it must be true or false"
            ),
        ]
    )
    func wrongValue(text: String, expected: String) {
        #expect(failure(text) == expected)
    }

    @Test("what is no YAML is an error with its line")
    func noYAML() {
        let message = failure("log-level: info\nlisten: \"/a\n")
        #expect(message.hasPrefix("f.yaml:") && message.contains("not YAML"), "\(message)")
    }

    @Test("wrong variables and flags are named")
    func places() {
        let variable = failure(environment: ["CONTRAIL_VM_START_LIMIT": "x"])
        #expect(variable.hasPrefix("environment CONTRAIL_VM_START_LIMIT: start-limit is \"x\""))
        let flag = failure(flags: ["--start-limit", "x"])
        #expect(flag.hasPrefix("flag --start-limit: start-limit is \"x\""))
        #expect(failure(flags: ["--listen"]) == "--listen: a value is missing: an absolute path")
        #expect(failure(flags: ["serve"]).hasPrefix("arguments: unexpected \"serve\""))
        let users = failure(flags: ["--emulator-uid-first", "3999999999", "--emulator-uid-count", "2"])
        #expect(users.hasPrefix("emulator-uid-count: the last user id would be 4000000000"))
    }

    @Test("Virtlet's variables mean what they say, and false is not true")
    func virtlet() throws {
        let names = [
            "VIRTLET_DISABLE_KVM": "true", "VIRTLET_LOGLEVEL": "5", "IMAGE_REGEXP_TRANSLATION": "false",
        ]
        let configuration = try load(environment: names).configuration
        #expect(configuration.accelerator == .tcg)
        #expect(configuration.logLevel == .debug)
        #expect(configuration.translatesByRegularExpressions == false)
        let disabled = try load(environment: ["VIRTLET_DISABLE_KVM": "false", "VIRTLET_LOGLEVEL": "1"])
            .configuration
        #expect(disabled.accelerator == .auto)
        #expect(disabled.logLevel == .info)
        let empty = try load(environment: ["VIRTLET_LIBVIRT_URI": ""]).configuration
        #expect(empty.libvirtURI == "qemu:///system")
    }

    @Test(
        "bytes as Kubernetes writes them",
        arguments: [
            ("0", 0), ("134217728", 134_217_728), ("128Mi", 134_217_728), ("1Gi", 1 << 30), ("3Ki", 3072),
            ("1Ti", 1 << 40),
        ] as [(String, Int64)]
    )
    func bytes(text: String, count: Int64) throws {
        let bytes = try #require(ByteCount(text))
        #expect(bytes.bytes == count)
        #expect(ByteCount(bytes.text) == bytes)
    }

    @Test("no bytes", arguments: ["", "Mi", "-1", "+1", "1.5Gi", "1 Mi", "99999999999Ti", "1M", "９"])
    func noBytes(text: String) {
        #expect(ByteCount(text) == nil)
    }

    @Test(
        "the distance between words",
        arguments: [
            ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("kitten", "sitting", 3),
        ]
    )
    func distance(left: String, right: String, count: Int) {
        #expect(ConfigurationError.distance(left, right) == count)
        #expect(ConfigurationError.distance(right, left) == count)
    }
}
