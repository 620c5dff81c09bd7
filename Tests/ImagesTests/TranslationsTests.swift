// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageFormats
import TestSupport
import Testing

@testable import Images

@Suite struct TranslationsTests {
    private func translations(_ files: [(String, String)], patterns: Bool = true) throws -> Translations {
        var sets: [TranslationSet] = []
        for (name, yaml) in files { sets.append(try TranslationSet(file: name, yaml: yaml)) }
        return Translations(sets: sets, allowsPatterns: patterns)
    }

    private func url(_ name: String, _ translations: Translations) throws -> String {
        try translations.source(of: ImageReference(name)).url.text
    }

    private static let first = """
        translations:
          - regexp: ^(.*)/(\\d+)$
            url: https://first.example.com/$1-$2
          - name: fedora
            url: https://first.example.com/fedora
        """
    private static let second = """
        translations:
          - name: centos/7
            url: https://second.example.com/centos
          - name: fedora
            url: https://second.example.com/fedora
          - name: fedora:40
            url: second.example.com/forty
          - regexp: ^tagged/(?P<n>.*)
            url: https://second.example.com/$n/${tag}
        """

    @Test func `fixed names go before patterns, with a tag before those without, files by name`() throws {
        let both = try translations([("a.yaml", Self.first), ("b.yaml", Self.second)])
        #expect(try url("centos/7", both) == "https://second.example.com/centos")
        #expect(try url("centos/8", both) == "https://first.example.com/centos-8")
        #expect(try url("fedora", both) == "https://first.example.com/fedora")
        #expect(try url("fedora:39", both) == "https://first.example.com/fedora")
        #expect(try url("fedora:40", both) == "https://second.example.com/forty")
        #expect(try url("tagged/x:v1", both) == "https://second.example.com/x/v1")
        #expect(try url("other.example.com/x:v1", both) == "https://other.example.com/x")
    }

    @Test func `patterns can be switched off`() throws {
        let fixed = try translations([("a.yaml", Self.first)], patterns: false)
        #expect(try url("centos/8", fixed) == "https://centos/8")
        #expect(try url("fedora", fixed) == "https://first.example.com/fedora")
    }

    @Test func `a prefix is a set's own`() throws {
        let set = try translations([
            (
                "a.yaml",
                "prefix: site\ntranslations: [{name: x, url: \"https://e/x\"}, {regexp: ^y$, url: \"https://e/y\"}]"
            )
        ])
        #expect(try url("site/x", set) == "https://e/x")
        #expect(try url("site/y", set) == "https://e/y")
        #expect(try url("x", set) == "https://x/")
        #expect(try url("sitex/x", set) == "https://sitex/x")
    }

    @Test func `a profile is found by its name, and the one without a name is the set's default`() throws {
        let set = try translations([
            (
                "a.yaml",
                """
                translations:
                  - {name: a, url: "https://e/a", transport: slow}
                  - {name: b, url: "https://e/b"}
                transports:
                  slow: {timeout: 30000, maxRedirects: 0, proxy: "http://p:3128", tls: {serverName: x.y, insecure: true}}
                  "": {maxRedirects: 3}
                """
            )
        ])
        let slow = try set.source(of: ImageReference("a")).profile
        #expect(slow.timeoutMilliseconds == 30_000)
        #expect(slow.mostRedirects == 0)
        #expect(slow.proxy == "http://p:3128")
        #expect(slow.serverName == "x.y")
        #expect(slow.isInsecure)
        let plain = try set.source(of: ImageReference("b")).profile
        #expect(plain.mostRedirects == 3)
        #expect(plain.timeoutMilliseconds == nil)
    }

    @Test func `an object of Virtlet's kind is read as well`() throws {
        let set = try translations([
            (
                "a.yaml",
                """
                apiVersion: virtlet.k8s/v1
                kind: VirtletImageMapping
                metadata: {name: primary, namespace: kube-system}
                spec: {translations: [{name: a, url: "https://e/a"}]}
                """
            )
        ])
        #expect(try url("a", set) == "https://e/a")
    }

    @Test(arguments: [
        ("translation: []", "did you mean translations?"), ("translations: [{nme: a}]", "did you mean name?"),
        ("translations: [{name: a}]", "translations[0].url: is missing"),
        ("translations: [{name: a, regexp: b, url: c}]", "either"), ("translations: [{url: c}]", "either"),
        ("translations: [{name: a, url: b, transport: slwo}]\ntransports: {slow: {}}", "did you mean slow?"),
        ("translations: [{regexp: '(', url: b}]", "a ( without"),
        ("translations: [{regexp: 'a', url: '$1'}]", "names no group"),
        ("transports: {a: {timout: 5}}", "did you mean timeout?"),
        ("transports: {a: {timeout: x}}", "integer"),
        ("transports: {a: {maxRedirects: -1}}", "0 to 50"), ("transports: {a: {proxy: ftp://x}}", "proxy"),
        ("transports: {a: {tls: {insecure: 1}}}", "true or false"),
        ("transports: {a: {tls: {certificates: [{cert: x}]}}}", "PEM"),
        ("transports: {a: {tls: {certificate: []}}}", "did you mean certificates?"), ("a", "not a mapping"),
        ("", "empty"),
        ("translations: x", "list"), ("{", ""), ("translations: [{name: [a], url: b}]", "text"),
        ("translations: []\ntranslations: []", ""),
    ])
    func `what is wrong is named with its file and place`(yaml: String, words: String) {
        do throws(ImageError) {
            _ = try TranslationSet(file: "bad.yaml", yaml: yaml)
            Issue.record("it was taken")
        } catch {
            #expect(error.code == .configuration)
            #expect(error.description.contains("bad.yaml"))
            #expect(error.description.contains(words) || words.isEmpty)
        }
    }

    @Test func `a file that is cut at any byte is read, or told to be wrong`() {
        let text = Array(Self.second.utf8)
        for length in 0..<text.count {
            do throws(ImageError) {
                let set = try TranslationSet(
                    file: "cut.yaml",
                    yaml: String(decoding: text[..<length], as: UTF8.self)
                )
                #expect(set.rules.count <= 4)
            } catch {
                #expect(error.code == .configuration)
            }
        }
    }

    @Test func `a folder's files are read by name, and a wrong one is an error`() throws {
        let folder = TemporaryFolder()
        folder.write(Self.second, to: "20.yml")
        folder.write(Self.first, to: "10.yaml")
        folder.write("nonsense: 1", to: "README.txt")
        folder.write("nonsense: 1", to: ".hidden.yaml")
        let both = try Translations(folder: folder.path, downloadProtocol: .https, allowsPatterns: true)
        #expect(both.sets.map(\.file) == ["10.yaml", "20.yml"])
        folder.write("nonsense: 1", to: "30.yaml")
        #expect(throws: ImageError.self) {
            try Translations(folder: folder.path, downloadProtocol: .https, allowsPatterns: true)
        }
        let none = try Translations(folder: "/nowhere", downloadProtocol: .http, allowsPatterns: true)
        #expect(try url("a.b/c", none) == "http://a.b/c")
    }

    @Test func `the sample translates`() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../conf/images"
        let sample = try Translations(folder: folder, downloadProtocol: .https, allowsPatterns: true)
        #expect(sample.sets.count == 1)
        #expect(try url("site/web/12", sample) == "https://images.example.com/web/web-12.qcow2")
        #expect(try url("debian:11", sample).contains("bullseye"))
        #expect(try url("virtlet.cloud/debian", sample).contains("bookworm"))
    }
}
