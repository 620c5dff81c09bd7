// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import TestSupport
import Testing
import Yams

@Suite struct UserDataTests {
    private func settings(
        _ texts: [UserText],
        change: (inout GuestDescription) -> Void = { _ in }
    ) throws -> Node {
        var guest = GuestDescription(instanceID: "4a1c", hostname: "web", commands: [["ours"]])
        guest.userSettings = texts
        change(&guest)
        let seed = try Seed(guest: guest, interfaces: [])
        return try present(try Yams.compose(yaml: present(seed["vendor-data"] ?? seed["user-data"])))
    }

    private func settings(_ texts: String...) throws -> Node {
        try settings(texts.enumerated().map { UserText($1, from: "the document \($0)") })
    }

    private func refusal(_ texts: String...) -> String {
        let error = #expect(throws: CloudInitError.self) {
            try settings(texts.enumerated().map { UserText($1, from: "the document \($0)") })
        }
        return error?.description ?? ""
    }

    @Test func `maps are merged deeply, lists appended, other values replaced, ours last`() throws {
        let merged = try settings(
            "{chpasswd: {expire: false, users: [a]}, runcmd: [one], timezone: UTC}",
            "{chpasswd: {users: [b], x: 1}, runcmd: [two], timezone: Europe/Rome}"
        )
        #expect(merged["chpasswd"]?["users"]?.sequence?.map(\.string) == ["a", "b"])
        #expect(merged["chpasswd"]?["expire"]?.bool == false && merged["chpasswd"]?["x"]?.int == 1)
        #expect(merged["timezone"]?.string == "Europe/Rome")
        #expect(merged["runcmd"]?.sequence?.count == 3)
        #expect(merged["runcmd"]?.sequence?.first?.string == "one")
        #expect(merged["runcmd"]?.sequence?.last?.sequence?.first?.string == "ours")
    }

    @Test func `the text of a key is its value, and a cloud-config comes before settings`() throws {
        let merged = try settings([UserText("[b]", from: "configmap/x", key: "users")]) {
            $0.userData = UserText("#cloud-config\nusers: [a]\n", from: "a test")
        }
        #expect(merged["users"]?.sequence?.map(\.string) == ["a", "b"])
        let empty = try settings([UserText("", from: "configmap/x", key: "nothing")])
        #expect(empty["nothing"]?.null != nil)
    }

    @Test func `a list that is merged by << is no more lost than any other`() throws {
        let merged = try settings("base: &b {runcmd: [theirs], a: 1}\n<<: *b\na: 2\n")
        #expect(merged["runcmd"]?.sequence?.count == 2 && merged["a"]?.int == 2)
    }

    @Test func `nothing where a list may be leaves ours, and never takes one away`() throws {
        #expect(try settings("runcmd:").mapping?["runcmd"]?.sequence?.count == 1)
        #expect(try settings("users: [a]", "users: ~")["users"]?.sequence?.count == 1)
    }

    @Test func `types that don't join are refused by document and key`() {
        #expect(
            refusal("runcmd: {a: b}")
                == "merge the document 0: the key runcmd must be a list: items are added to it"
        )
        #expect(refusal("a: 1", "runcmd: secret").contains("the document 1: the key runcmd must be a list"))
        let deep = refusal("a: {b: [1]}", "a: {b: secret}")
        #expect(deep.contains("the document 1: the key a.b") && !deep.contains("secret"))
        #expect(refusal("a: [1]", "a: {}").contains("the document 1: the key a "))
    }

    @Test func `settings beside a script are all kept, in the vendor-data`() throws {
        let merged = try settings([UserText("runcmd: [theirs]", from: "a test")]) {
            $0.userData = UserText("#!/bin/sh\ntrue\n", from: "a test")
        }
        #expect(merged["runcmd"]?.sequence?.count == 2)
    }

    @Test func `scripts for each boot are files, and stand where a user's script wants them`() throws {
        var guest = GuestDescription(instanceID: "4a1c", hostname: "web")
        guest.bootScripts = [
            BootScript(name: "20-b", text: "#!/bin/sh\nmount b\n"), BootScript(name: "10-a", text: "exit 0"),
        ]
        guest.userData = UserText("#!/bin/sh\n@virtlet-mount-script@echo done\n", from: "a test")
        let seed = try Seed(guest: guest, interfaces: [])
        #expect(seed["user-data"] == "#!/bin/sh\n(\nexit 0\n)\n(\n#!/bin/sh\nmount b\n\n)\necho done\n")
        let vendor = try present(try Yams.compose(yaml: present(seed["vendor-data"])))
        let file = try present(vendor["write_files"]?.sequence?.first)
        #expect(
            file["path"]?.string == "/var/lib/cloud/scripts/per-boot/20-b"
                && file["permissions"]?.string == "0755"
        )
        guest.bootScripts = [BootScript(name: "../x", text: "")]
        let bad = guest
        #expect(throws: CloudInitError.self) { try Seed(guest: bad, interfaces: []) }
    }

    @Test(arguments: ["*", "a*b", "**x", "*.log", "x *y z", "- *a", "*a"])
    func `asterisks that are no aliases stay`(text: String) throws {
        let merged = try settings("a: '\(text)'\nb: |\n  \(text)\nc: \"\(text)\"\n# \(text)\n'\(text)': 1\n")
        for key in ["a", "c"] { #expect(merged[key]?.string == text) }
        #expect(merged["b"]?.string == "\(text)\n" && merged[text]?.int == 1)
    }

    @Test func `aliases are what they name, the latest of a name`() throws {
        let merged = try settings("a: &x 1\nb: [*x, *x]\nc: &x {k: *x}\nd: *x\n? &k key\n: v\ne: {*k : w}\n")
        #expect(merged["b"]?.sequence?.compactMap(\.int) == [1, 1])
        #expect(
            merged["d"]?["k"]?.int == 1 && merged["key"]?.string == "v" && merged["e"]?["key"]?.string == "w"
        )
    }

    @Test func `what is quoted stays text, what is plain keeps its type`() throws {
        let merged = try settings(
            "a: '1'\nb: 1\nc: !!str 1\nd: \"yes\"\ne: yes\nf: 0644\ng: |\n  true\nh: ! 1\n"
        )
        #expect(merged["a"]?.scalar?.style != .plain && merged["c"]?.scalar?.style != .plain)
        #expect(merged["b"]?.scalar?.style == .plain && merged["f"]?.scalar?.style == .plain)
        #expect(merged["d"]?.scalar?.style != .plain && merged["e"]?.scalar?.style == .plain)
        #expect(merged["g"]?.string == "true\n")
    }

    @Test(arguments: [
        "a: *b", "a: &x [*x]", "a: [", "? [a]\n: b", "*x : 1", "a: 1\na: 2", "a: !!binary aGk=", "a: \u{0}",
        "a: \u{1}",
        "--- a: 1\n---\nb: 2\n", "<<: 1", "\t- x", "a: *x y", "k: &k 1\n*k : 1\n? *k\n: 2",
        "a: &a [1]\n? *a\n: b",
    ])
    func `what is no map of keys is refused in words without its text`(text: String) {
        let message = refusal(text + "\n# secret")
        #expect(
            message.contains("read the document 0 as YAML: ") && !message.contains("secret"),
            "\(message)"
        )
    }

    @Test(.timeLimit(.minutes(1)), arguments: 0..<5)
    func `bombs are refused at once`(kind: Int) {
        let text: String
        let tens = (1...30).map { level in
            let aliases = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            return "a\(level): &a\(level) [\(aliases)]\n"
        }
        switch kind {
        case 0: text = "a0: &a0 lol\n" + tens.joined()
        // As a key, which a reader compares with others.
        case 1: text = "a0: &a0 lol\n" + tens.joined() + "? *a30\n: 1\n"
        // Deeper and deeper: freeing such a tree would need all of the stack.
        case 2:
            text = (1...400).map { level in
                "a\(level): &a\(level) " + String(repeating: "[", count: 99)
                    + (level == 1 ? "x" : "*a\(level - 1)")
                    + String(repeating: "]", count: 99) + "\n"
            }.joined()
        case 3: text = String(repeating: "[", count: 500_000)
        default:
            let long = String(repeating: "x", count: 900_000)
            text = "a: &a \(long)\nb: [" + String(repeating: "*a,", count: 20_000) + "]\n"
        }
        let clock = ContinuousClock()
        let start = clock.now
        #expect(refusal(text).count < 300)
        #expect(clock.now - start < .seconds(20))
    }

    @Test(.timeLimit(.minutes(1))) func `time is linear in the number of keys that are merged`() throws {
        func seconds(_ keys: Int) throws -> Double {
            let texts = (0..<4).map { document in
                (0..<keys).map { "key-\($0): {value-\(document): ['\($0)']}\n" }.joined()
            }
            let times = try (0..<3).map { _ in
                let clock = ContinuousClock()
                let start = clock.now
                var guest = GuestDescription(instanceID: "4a1c", hostname: "web")
                guest.userSettings = texts.map { UserText($0, from: "a test") }
                let seed = try Seed(guest: guest, interfaces: [])
                #expect(seed["user-data"]?.contains("key-\(keys - 1)") == true)
                return (clock.now - start) / .seconds(1)
            }
            return times.min() ?? 0
        }
        // Sixteen times as many take 256 times as long where time is quadratic.
        let ratio = try seconds(2_400) / seconds(150)
        #expect(ratio < 64, "\(ratio)")
    }

    @Test func `the bounds hold for all documents together`() {
        let long = String(repeating: "x", count: 1000)
        let text = "a: &a \(long)\nb: [" + String(repeating: "*a,", count: 2000) + "]\n"
        #expect(throws: Never.self) { try settings(text) }
        let message = refusal(text, text, text, text, text)
        #expect(message.contains("the document 4") && message.contains("8 MiB"), "\(message)")
    }

    @Test func `more than a MiB is refused, less is not`() throws {
        let long = "a: " + String(repeating: "x", count: UserText.mostBytes - 3)
        #expect(try settings(long)["a"]?.string.map(\.utf8.count) == UserText.mostBytes - 3)
        #expect(refusal(long + "x").contains("longer than 1048576 bytes"))
    }
}
