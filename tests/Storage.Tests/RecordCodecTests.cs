namespace OrleansCache.Storage.Tests;

public class RecordCodecTests
{
    private static readonly EntryRecord Full = new()
    {
        Kind = RecordKind.Value,
        Epoch = 7,
        OperationId = new Guid("00112233-4455-6677-8899-aabbccddeeff"),
        Version = 1_767_225_600_000_001,
        ContentType = "application/json",
        Encoding = "gzip",
        Bytes = [1, 2, 3],
        LastRetrieved = 1_767_225_600_000_000,
        LastModified = 1_767_225_500_000_000,
        FreshUntil = 1_767_225_630_000_000,
        StaleUntil = 1_767_229_230_000_000,
        SlidingSpan = 5_000_000,
        Tags = ["country:NL", "länder"],
        Born = 42,
        LogGeneration = 99,
        OriginETag = "\"abc\"",
        OriginLastModified = "Thu, 01 Jan 2026 00:00:00 GMT",
        OriginVersion = "v7",
        Source = "orders",
        SourceSequence = 12,
        Dirty = true,
        UnreadCount = 3,
        Past = new([new(new Guid("ffeeddcc-bbaa-9988-7766-554433221100"), 41, Existed: true, 1_767_225_600_000_000), new(new Guid("00112233-4455-6677-8899-aabbccddeeff"), 42, Existed: false, 1)], 7),
        ExpiresAt = 1_767_229_231_000_000,
    };

    [Fact]
    public void A_record_with_every_field_comes_back_as_it_was() => Same(Full, EntryRecordCodec.Decode(EntryRecordCodec.Encode(Full)));

    [Fact]
    public void A_record_without_any_field_takes_39_bytes_and_comes_back()
    {
        var empty = new EntryRecord();

        var bytes = EntryRecordCodec.Encode(empty);

        Assert.Equal(39, bytes.Length);
        Same(empty, EntryRecordCodec.Decode(bytes));
    }

    [Fact]
    public void The_bytes_of_format_1_do_not_change()
    {
        var record = new EntryRecord
        {
            Kind = RecordKind.Value,
            Epoch = 3,
            OperationId = new Guid("00112233-4455-6677-8899-aabbccddeeff"),
            Version = 1_000,
            ContentType = "text/plain",
            FreshUntil = 2_000,
            Tags = ["a", "b"],
            Bytes = "hello"u8.ToArray(),
        };

        Assert.Equal(
            "01010000000000000003" + "00112233445566778899aabbccddeeff" + "00000000000003e8" + "584f0e5d" + "a204"
            + "0a746578742f706c61696e" + "00000000000007d0" + "020161" + "0162" + "68656c6c6f",
            Convert.ToHexStringLower(EntryRecordCodec.Encode(record)));
    }

    [Fact]
    public void The_checksum_is_CRC_32C() => Assert.Equal(0xe306_9283, Crc32C.Of("123456789"u8));

    [Fact]
    public void The_epoch_can_be_raised_in_place()
    {
        var bytes = EntryRecordCodec.Encode(Full);

        bytes[RecordStamp.EpochOffset + 7] = 9;

        Same(Full with { Epoch = 9 }, EntryRecordCodec.Decode(bytes));
    }

    [Fact]
    public void The_stamp_is_read_without_the_rest()
        => Assert.Equal(new RecordStamp(Full.Epoch, Full.OperationId, Full.Version), RecordStamp.Read(EntryRecordCodec.Encode(Full).AsSpan(0, RecordStamp.Length)));

    [Fact]
    public void Another_format_is_named_not_read()
    {
        var bytes = EntryRecordCodec.Encode(Full);
        bytes[0] = 2;

        var error = Assert.Throws<RecordFormatException>(() => EntryRecordCodec.Decode(bytes));

        Assert.Contains("format 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bit_flipped_outside_the_epoch_is_an_error()
    {
        var bytes = EntryRecordCodec.Encode(Full);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            if (bit / 8 is >= RecordStamp.EpochOffset and < RecordStamp.OperationOffset)
                continue;
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<RecordFormatException>(() => EntryRecordCodec.Decode(bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Any_truncation_is_an_error()
    {
        var bytes = EntryRecordCodec.Encode(Full);

        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<RecordFormatException>(() => EntryRecordCodec.Decode(bytes.AsSpan(0, length)));
    }

    [Fact]
    public void Unknown_fields_and_kinds_are_errors_even_with_a_right_checksum()
    {
        Assert.Contains("fields 0x100000", Refusal([0x80, 0x80, 0x40], kind: 1).Message, StringComparison.Ordinal);
        Assert.Contains("kind 9", Refusal([0], kind: 9).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Garbage_with_a_right_checksum_is_an_error_or_a_record_never_a_crash()
    {
        var random = new Random(1);
        for (var round = 0; round < 50_000; round++)
        {
            var body = new byte[random.Next(40)];
            random.NextBytes(body);
            try
            {
                EntryRecordCodec.Decode(WithChecksum(body, kind: 1));
            }
            catch (RecordFormatException)
            {
                // What is expected of garbage.
            }
        }
    }

    [Fact]
    public void Random_records_come_back_as_they_were()
    {
        var random = new Random(2);
        for (var round = 0; round < 5_000; round++)
        {
            var record = Random(random);
            Same(record, EntryRecordCodec.Decode(EntryRecordCodec.Encode(record)));
        }
    }

    [Fact]
    public void A_negative_epoch_or_version_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => EntryRecordCodec.Encode(Full with { Epoch = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => EntryRecordCodec.Encode(Full with { Version = -1 }));
    }

    private static RecordFormatException Refusal(byte[] body, byte kind)
        => Assert.Throws<RecordFormatException>(() => EntryRecordCodec.Decode(WithChecksum(body, kind)));

    private static byte[] WithChecksum(byte[] body, byte kind)
    {
        byte[] bytes = [.. EntryRecordCodec.Encode(new()).AsSpan(0, RecordStamp.Length), .. body];
        bytes[RecordStamp.KindOffset] = kind;
        var checksum = Crc32C.Of(bytes.AsSpan(0, RecordStamp.EpochOffset), bytes.AsSpan(RecordStamp.OperationOffset, 24), body);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(RecordStamp.ChecksumOffset), checksum);
        return bytes;
    }

    private static EntryRecord Random(Random random)
    {
        return new()
        {
            Kind = (RecordKind)random.Next(4),
            Epoch = random.NextInt64(),
            OperationId = Guid.NewGuid(),
            Version = random.NextInt64(),
            ContentType = Text(),
            Encoding = Text(),
            Bytes = Bytes(),
            LastRetrieved = Number(),
            LastModified = Number(),
            FreshUntil = Number(),
            StaleUntil = Number(),
            SlidingSpan = Number(),
            Tags = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Text() ?? "")],
            Born = Number(),
            LogGeneration = Number(),
            OriginETag = Text(),
            OriginLastModified = Text(),
            OriginVersion = Text(),
            Source = Text(),
            SourceSequence = Number(),
            Dirty = random.Next(2) == 0,
            UnreadCount = random.Next(3),
            ExpiresAt = Number(),
        };

        string? Text() => random.Next(3) switch { 0 => null, 1 => "", _ => new string('é', random.Next(200)) };
        long Number() => random.Next(4) switch { 0 => 0, 1 => long.MaxValue, 2 => -random.NextInt64(), _ => random.NextInt64() };
        byte[] Bytes()
        {
            var bytes = new byte[random.Next(300)];
            random.NextBytes(bytes);
            return bytes;
        }
    }

    private static void Same(EntryRecord expected, EntryRecord actual)
    {
        Assert.Equal(expected.Bytes, actual.Bytes);
        Assert.Equal(expected.Tags.AsEnumerable(), actual.Tags.AsEnumerable());
        Assert.Equal(expected.Past.Span, actual.Past.Span);
        Assert.Equal(expected.Past.ForgottenAt, actual.Past.ForgottenAt);
        Assert.Equal(expected with { Bytes = [], Tags = [], Past = default }, actual with { Bytes = [], Tags = [], Past = default });
    }
}
