// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ImageFormats
import Testing

@testable import Images

@Suite struct ImageReferenceTests {
    private static let digest = "sha256:" + String(repeating: "0a", count: 32)

    @Test(arguments: [
        ("cirros", "cirros:latest"), ("virtlet.cloud/cirros", "cirros:latest"),
        ("a/b/c:1.2_X-y", "a/b/c:1.2_X-y"),
        (
            "download.example.com/cirros-0.3.5/disk__x.img",
            "download.example.com/cirros-0.3.5/disk__x.img:latest"
        ),
        ("127.0.0.1:8080/x.img:v1", "127.0.0.1:8080/x.img:v1"),
        ("localhost:5000/x", "localhost:5000/x:latest"),
        ("a@\(digest)", "a@\(digest)"), ("virtlet.cloud/a:tag@\(digest)", "a@\(digest)"),
        ("a---b", "a---b:latest"),
    ])
    func `a name is parsed`(text: String, name: String) throws {
        let reference = try ImageReference(text)
        #expect(reference.description == name)
        let again = try ImageReference(reference.description)
        #expect(again == reference)
    }

    @Test(arguments: [
        ("", "empty"), ("virtlet.cloud/", "empty"), ("A", "upper-case"), ("a/../b", "component"),
        ("/a", "empty"),
        ("a/", "empty"), ("a//b", "empty"), ("../a", "component"), (".a", "component"), ("a.", "component"),
        ("a..b", "component"), ("a___b", "component"), ("a b", "component"), ("ä", "component"),
        ("a\0", "component"),
        ("a\n", "component"), ("http://a", "URL"), ("a?b", "component"), ("a%2fb", "component"),
        ("a:", "tag"),
        ("a:-x", "tag"), ("a:\(String(repeating: "x", count: 129))", "tag"), ("a:b/c", "component"),
        ("a:70000/c", "component"), ("a@sha256:00", "sha256"), ("a@md5:00", "sha256"), ("a@", "sha256"),
        ("user:pass@a", "sha256"), (String(repeating: "a", count: 256), "255"),
        (String(repeating: "0", count: 64), "id"), ("a\\b", "component"), ("-a", "component"),
    ])
    func `anything else is refused in words`(text: String, words: String) {
        do throws(ImageError) {
            let reference = try ImageReference(text)
            Issue.record("taken for \(reference)")
        } catch {
            #expect(error.code == .invalidName)
            #expect(error.cause.contains(words))
        }
    }

    @Test(arguments: [
        ("\(String(repeating: "a/", count: 100))Bild/x", "/a/Bild/x", "an upper-case letter, \"B\""),
        ("virtlet.cloud/a b", "virtlet.cloud/a b", "a component has a space"),
        ("\(String(repeating: "a", count: 200))/é", "aaa/é", "a component has \"é\""),
        ("a:\(String(repeating: "t", count: 120))+1", "ttt+1", "its tag has \"+\""),
        ("a:.x", "a:.x", "its tag begins with ."), ("a/b..c", "a/b..c", "the component \"b..c\""),
        ("\(String(repeating: "a", count: 120))@md5:00", "@md5:00", "what follows @ is not sha256:"),
    ])
    func `an error shows the name around its fault`(text: String, shown: String, cause: String) {
        do throws(ImageError) {
            _ = try ImageReference(text)
            Issue.record("it was taken")
        } catch {
            #expect(error.operation.contains(shown), "\(error)")
            #expect(error.cause.contains(cause), "\(error)")
        }
    }

    @Test func `an id selects, too`() throws {
        let digest = try #require(ImageDigest(Self.digest))
        let (whole, hex, name) = try (
            ImageSelector(Self.digest), ImageSelector(digest.hex), ImageSelector("a")
        )
        #expect(whole == .digest(digest))
        #expect(hex == .digest(digest))
        #expect(try name == .reference(ImageReference("a:latest")))
    }

    @Test func `the digest of bytes is SHA-256`() {
        #expect(
            ImageDigest(of: Array("abc".utf8)).hex
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(ImageDigest("sha256:" + String(repeating: "A", count: 64)) == nil)
    }
}
