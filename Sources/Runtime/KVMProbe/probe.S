# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0
#
# A firmware of 64 KiB that counts to ten million in long mode and tells that it is done by a write to QEMU's
# device isa-debug-exit. Long mode with paging is what real guests run in; the count takes milliseconds on a
# processor, a tenth of a second in QEMU's translator and many seconds where the kernel emulates it.
#
#   as --64 -o probe.o probe.S && ld -m elf_x86_64 -Ttext 0 -e 0 --oformat binary -o probe.bin probe.o
#
# ProbeImage.swift holds the bytes; a test compares.

        .set    base, 0xf0000           # where the firmware lies
        .set    tables, 0x1000          # three page tables
        .set    turns, 10000000
        .set    port, 0x501
        .set    done, 3                 # QEMU exits with 2 * 3 + 1

        .code16
start:  cli
        cld
        lgdtl   %cs:descriptors
        movl    %cr0, %eax
        orb     $1, %al                 # PE
        movl    %eax, %cr0
        ljmpl   $0x08, $(base + protected)

        .code32
protected:
        movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $tables, %edi           # all entries absent
        xorl    %eax, %eax
        movl    $(3 * 1024), %ecx
        rep stosl
        movl    $(tables + 0x1003), tables              # present, writable
        movl    $(tables + 0x2003), tables + 0x1000
        movl    $0x83, tables + 0x2000                  # the first 2 MiB as one page
        movl    %cr4, %eax
        orl     $0x20, %eax             # PAE
        movl    %eax, %cr4
        movl    $tables, %eax
        movl    %eax, %cr3
        movl    $0xc0000080, %ecx       # EFER
        rdmsr
        orl     $0x100, %eax            # LME
        wrmsr
        movl    %cr0, %eax
        orl     $0x80000000, %eax       # PG
        movl    %eax, %cr0
        ljmpl   $0x18, $(base + long)

        .code64
long:   movl    $turns, %ecx
1:      decl    %ecx
        jnz     1b
        movw    $port, %dx
        movb    $done, %al
        outb    %al, %dx
2:      hlt
        jmp     2b

        .balign 8
segments:
        .quad   0
        .quad   0x00cf9b000000ffff      # 0x08: code, 32 bits
        .quad   0x00cf93000000ffff      # 0x10: data
        .quad   0x00af9b000000ffff      # 0x18: code, 64 bits
descriptors:
        .word   descriptors - segments - 1
        .long   base + segments
end:

        .org    0xfff0                  # where the processor begins
        .code16
        ljmp    $0xf000, $start
        .org    0xffff
        .byte   0
