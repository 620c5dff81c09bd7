// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Standard output that is closed, full or short, and files that may not grow: never success, and one error document
/// where one can be written.
@Suite(.serialized) struct OutputNamespaceTests {
    /// A shell's command around the plugin, which is `$0`.
    private static func shell(_ command: String) -> [String] { ["bash", "-c", command] }

    @Test(
        .rule("OUT-3"),
        arguments: [
            #"exec "$0" >&-"#, #"exec "$0" >&- 2>&- "#, #"exec "$0" > /dev/full"#,
            #""$0" | :; exit ${PIPESTATUS[0]}"#, #""$0" 2>&1 | :; exit ${PIPESTATUS[0]}"#,
            #"exec "$0" < /dev/stdin 2>&- > /dev/full"#,
        ]
    )
    func `an ADD whose result can't be written is undone, and VERSION is no success`(command: String) throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let before = try pod.namespace.dump()
        for more in ["", PluginLab.vmInterface] {
            let outcome = try pod.call(
                "contrail-cni",
                "ADD",
                lab.contrail(more: more),
                wrapper: Self.shell(command)
            )
            #expect(outcome.status == 1 && outcome.output.isEmpty, "\(outcome.output)")
            let left = try lab.leftovers()
            #expect(left == [])
            #expect(try pod.namespace.dump() == before)
        }
        let version = try pod.call("contrail-cni", "VERSION", "", wrapper: Self.shell(command))
        // A pipe takes what fits before its reader is gone.
        #expect(version.status == 1 || command.contains("|"), "\(version.output)")
        // An undo has nothing to write.
        let delete = try pod.call("contrail-cni", "DEL", lab.contrail(), wrapper: Self.shell(command))
        #expect(delete.status == 0)
    }

    @Test(.rule("OUT-3"))
    func `of a result that goes out in part nothing stays, and the error stands in its place`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let small = "\(lab.folder.path)/ports"
        try TestProgram.succeed("sh", "-ec", "mkdir \(small); mount -t tmpfs -o size=4k none \(small)")
        defer { _ = try? TestProgram.run(["umount", "-l", small]) }
        let command = #"head -c 3700 /dev/zero | tr '\0' ' ' > FILE; exec "$0" >> FILE"#.replacing(
            "FILE",
            with: "\(small)/result"
        )
        let outcome = try pod.call("contrail-cni", "ADD", lab.contrail(), wrapper: Self.shell(command))
        #expect(outcome.status == 1)
        let text = lab.folder.text("ports/result").trimmingCharacters(in: .whitespacesAndNewlines)
        let error = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
            "\(text)"
        )
        #expect(error["code"] as? Int == 5, "\(text)")
        let left = try lab.leftovers()
        #expect(left == [])
    }

    @Test(.rule("OUT-4"))
    func `where files may not grow, ADD says so and leaves nothing, and DEL goes on`() throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let limited = Self.shell(
            #"(ulimit -f 0; exec "$0") | cat; exit ${PIPESTATUS[0]}"#
        )
        let error = try pod.call("contrail-cni", "ADD", lab.contrail(), wrapper: limited).error()
        #expect(error.code == 5 && error.message.contains("File too large"), "\(error)")
        #expect(try lab.leftovers().isEmpty)
        let first = try pod.call("contrail-cni", "ADD", lab.contrail())
        let bridge = """
            {"cniVersion": "1.0.0", "name": "pods", "type": "tap-bridge", "run-dir": "\(lab.folder.path)/run"\
            \(PluginLab.vmInterface), "prevResult": \(first.output)}
            """
        #expect(try pod.call("tap-bridge", "ADD", bridge).status == 0)
        for (plugin, configuration) in [("tap-bridge", bridge), ("contrail-cni", lab.contrail())] {
            let outcome = try pod.call(plugin, "DEL", configuration, wrapper: limited)
            #expect(outcome.status == 0 && outcome.output.isEmpty, "\(plugin): \(outcome.output)")
        }
        let left = try lab.leftovers()
        #expect(left == [])
    }

    @Test(
        .rule("LOG-1"),
        arguments: [
            "mkfifo LOG", "mkfifo LOG; (sleep 20 < LOG) &", "mkdir LOG", "ln -s target LOG", "ln target LOG",
            "mkdir real; ln -s real linked", "mknod LOG c 1 3",
        ]
    )
    func `a log file that is a link, a FIFO or a device is not written, and holds nothing up`(
        command: String
    ) throws {
        let lab = try PluginLab()
        let pod = try lab.pod("web")
        let folder = "\(lab.folder.path)/ports"
        let isInLink = command.contains("linked")
        let path = "\(folder)/\(isInLink ? "linked/log" : "log")"
        try TestProgram.succeed(
            "bash",
            "-ec",
            "mkdir \(folder); cd \(folder); echo untouched > target; \(command.replacing("LOG", with: "log"))"
                + " > /dev/null 2>&1"
        )
        let configuration = lab.contrail().replacing("\(lab.folder.path)/log", with: path)
        for command in ["ADD", "DEL"] {
            let outcome = try pod.call("contrail-cni", command, configuration)
            #expect(outcome.status == 0 && outcome.seconds < 5, "\(outcome.output)")
            #expect(outcome.errors.contains("contrail-cni \(command) container="), "\(outcome.errors)")
        }
        #expect(lab.folder.text("ports/target") == "untouched\n")
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/real/log"))
    }
}
