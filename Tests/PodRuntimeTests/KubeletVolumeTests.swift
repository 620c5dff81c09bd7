// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CloudInit
import Foundation
import Pods
import TestSupport
import Testing

@testable import PodRuntime

@Suite struct KubeletVolumeTests {
    private let uid = "0b5c1a52-3a90"
    private let pods = PodFolder(uid: "0b5c1a52-3a90")

    private func refusal(_ mounts: ContainerMount...) -> String {
        let error = #expect(throws: PodServiceError.self) { try KubeletVolumes(mounts, podUID: uid) }
        return error?.message ?? ""
    }

    @Test(arguments: [KubeletVolume.Kind.secret, .configMap, .downwardAPI, .projected])
    func `each file is written once, below the mountPath, with its mode`(kind: KubeletVolume.Kind) throws {
        pods.write("one", to: ".hidden", in: "v", kind, mode: 0o400)
        pods.write("two", to: "a/b", in: "v", kind)
        let volumes = try KubeletVolumes([pods.mount("v", kind, at: "/etc/x/")], podUID: uid)
        #expect(
            volumes.files == [
                GuestFile(path: "/etc/x/.hidden", bytes: Array("one".utf8), mode: 0o400),
                GuestFile(path: "/etc/x/a/b", bytes: Array("two".utf8), mode: 0o644),
            ]
        )
        #expect(volumes.all.map(\.name) == ["v"] && volumes.all.map(\.kind) == [kind])
    }

    @Test func `a file that is mounted by itself is taken from where it is`() throws {
        let path = pods.subPath("one", in: "v")
        let volumes = try KubeletVolumes(
            [ContainerMount(containerPath: "/etc/one", hostPath: path)],
            podUID: uid
        )
        #expect(
            volumes.files == [GuestFile(path: "/etc/one", bytes: Array("one".utf8))] && volumes.all.isEmpty
        )
    }

    @Test func `the file for a last message, and hosts that nobody wrote, are passed over`() throws {
        let folder = "\(pods.path)/pods/\(uid)"
        let mounts = ["etc-hosts", "containers/vm/1234"].map {
            ContainerMount(containerPath: "/x", hostPath: "\(folder)/\($0)")
        }
        #expect(try KubeletVolumes(mounts, podUID: uid).files.isEmpty)
    }

    @Test func `kubelet's file of hosts is the guest's, and no link is followed to it`() throws {
        let text = "10.47.0.3\tweb.front.default.svc.cluster.local\tweb\n192.0.2.1\tdb\tstore\n"
        let path = pods.hosts(text)
        let mount = ContainerMount(containerPath: "/etc/hosts", hostPath: path)
        let files = try KubeletVolumes([mount], podUID: uid).files
        #expect(files == [GuestFile(path: "/etc/hosts", bytes: Array(text.utf8), mode: 0o644)])
        unlink(path)
        symlink("/etc/passwd", path)
        #expect(throws: PodServiceError.self) { try KubeletVolumes([mount], podUID: uid) }
    }

    @Test func `other volumes, and other pods' folders, are refused by their mountPath`() throws {
        pods.write("x", to: "x", in: "v", .secret)
        let folder = "\(pods.path)/pods"
        let paths = [
            "/etc", "", "\(folder)/\(uid)/volumes/kubernetes.io~empty-dir/v",
            "\(folder)/\(uid)/volumes/kubernetes.io~secret",
            "\(folder)/\(uid)/volumes/kubernetes.io~secret/v/x",
            "\(folder)/other/volumes/kubernetes.io~secret/v", "/x/\(uid)/volumes/kubernetes.io~secret/v",
            "\(folder)/\(uid)/volume-subpaths/v/vm",
        ]
        for path in paths {
            let message = refusal(ContainerMount(containerPath: "/srv/data", hostPath: path))
            #expect(message.contains("\"/srv/data\" can't be given to a VM"), "\(path): \(message)")
        }
        var mount = pods.mount("v", .secret)
        mount.image = ImageReference("tools")
        #expect(refusal(mount).contains("can't be given to a VM"))
    }

    @Test func `links in a volume are never followed`() throws {
        pods.write("x", to: "x", in: "v", .secret)
        symlink("/etc/passwd", "\(pods.data("v", .secret))/passwd")
        #expect(refusal(pods.mount("v", .secret)).contains("cannot read the volume"))
        for target in ["/etc", "../../../../../../etc", "..", "x"] {
            let other = PodFolder(uid: uid)
            other.write("x", to: "x", in: "v", .secret)
            unlink("\(other.volume("v", .secret))/..data")
            symlink(target, "\(other.volume("v", .secret))/..data")
            let words = refusal(other.mount("v", .secret))
            #expect(words.contains("not a volume that kubelet wrote"), "\(target)")
        }
    }

    @Test func `devices and pipes are refused without waiting for them`() {
        pods.write("x", to: "x", in: "v", .secret)
        mkfifo("\(pods.data("v", .secret))/pipe", 0o600)
        #expect(refusal(pods.mount("v", .secret)).contains("pipe is neither a file nor a folder"))
    }

    @Test func `too much is refused, naming the file and the limit`() {
        pods.write(
            String(repeating: "x", count: KubeletVolumes.mostFileBytes + 1),
            to: "large",
            in: "v",
            .configMap
        )
        let message = refusal(pods.mount("v", .configMap))
        #expect(message.contains("/large is larger than 1048576 bytes"))
        for index in 0..<9 {
            pods.write(
                String(repeating: "x", count: KubeletVolumes.mostFileBytes),
                to: "\(index)",
                in: "w",
                .configMap
            )
        }
        #expect(refusal(pods.mount("w", .configMap)).contains("/8 is one too many"))
    }

    @Test(arguments: ["", "/", "x", "/a/../b", "/a\u{0}"])
    func `a mountPath that is none is refused`(path: String) {
        pods.write("x", to: "x", in: "v", .secret)
        #expect(refusal(pods.mount("v", .secret, at: path)).contains("mountPath"))
    }
}

/// Volumes as kubelet writes them: files in a folder of a version, a link `..data` to it, and links to the files.
struct PodFolder {
    private let folder = TemporaryFolder()
    private let uid: String

    init(uid: String) { self.uid = uid }

    var path: String { folder.path }

    func volume(_ name: String, _ kind: KubeletVolume.Kind) -> String {
        folder.path("pods/\(uid)/volumes/kubernetes.io~\(kind.rawValue)/\(name)")
    }

    func data(_ name: String, _ kind: KubeletVolume.Kind) -> String {
        "\(volume(name, kind))/..2026_01_02_03_04_05.123456789"
    }

    func mount(_ name: String, _ kind: KubeletVolume.Kind, at path: String = "/mnt") -> ContainerMount {
        ContainerMount(containerPath: path, hostPath: volume(name, kind), isReadOnly: true)
    }

    func write(
        _ text: String,
        to name: String,
        in volume: String,
        _ kind: KubeletVolume.Kind,
        mode: mode_t = 0o644
    ) {
        let data = data(volume, kind)
        folder.write(text, to: "\(data.dropFirst(folder.path.count + 1))/\(name)")
        chmod("\(data)/\(name)", mode)
        symlink("..2026_01_02_03_04_05.123456789", "\(self.volume(volume, kind))/..data")
        let first = name.split(separator: "/").first.map(String.init) ?? name
        symlink("..data/\(first)", "\(self.volume(volume, kind))/\(first)")
    }

    func hosts(_ text: String) -> String {
        let name = "pods/\(uid)/etc-hosts"
        folder.write(text, to: name)
        chmod(folder.path(name), 0o644)
        return folder.path(name)
    }

    func subPath(_ text: String, in volume: String) -> String {
        let name = "pods/\(uid)/volume-subpaths/\(volume)/vm/0"
        folder.write(text, to: name)
        chmod(folder.path(name), 0o644)
        return folder.path(name)
    }
}
