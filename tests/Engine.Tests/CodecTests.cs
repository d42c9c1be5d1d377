using System.Collections.Immutable;

namespace OrleansCache;

public sealed class CodecTests
{
    [Fact]
    public void Fields_that_a_version_does_not_know_are_skipped_and_missing_ones_are_default()
    {
        var old = Through<Version1, Version2>(new("name", [1, 2]));
        var back = Through<Version2, Version1>(new("name", 3, new("inner", 4, null, null), new() { ["k"] = [1] }));

        Assert.Equal(("name", 0, null, null, 42), (old.Name, old.Added, old.Nested, old.Map, old.Kept));
        Assert.Equal("name", back.Name);
        Assert.Null(back.Numbers);
    }

    [Fact]
    public void Whatever_the_bytes_a_value_or_an_error_comes_out()
    {
        var random = new Random(11);
        var writer = new MessageWriter();
        Codecs<Version2>.Instance.Write(writer, 0, new("name", 3, new("inner", 4, null, []), new() { ["k"] = [1, 2, 3], ["l"] = [] }));
        var good = writer.Written.ToArray();

        for (var n = 0; n < 200_000; n++)
        {
            var bytes = good.ToArray();
            for (var changes = random.Next(1, 5); changes > 0; changes--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (n % 3 == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            try
            {
                var reader = new MessageReader(bytes, null);
                while (reader.NextField(out _, out var wire))
                    Codecs<Version2>.Instance.Read(ref reader, wire);
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    [Fact]
    public void Random_frames_are_read_or_refused()
    {
        var random = new Random(12);
        for (var n = 0; n < 200_000; n++)
        {
            var bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            try
            {
                var reader = new MessageReader(bytes, null);
                while (reader.NextField(out _, out var wire))
                    reader.Skip(wire);
                reader = new MessageReader(bytes, null);
                ExceptionCodec.Read(ref reader);
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    [Fact]
    public void A_bomb_of_nested_groups_is_refused()
    {
        var bytes = Enumerable.Repeat((byte)3, 1_000_000).ToArray();

        Assert.Throws<InvalidDataException>(() =>
        {
            var reader = new MessageReader(bytes, null);
            reader.NextField(out _, out var wire);
            reader.Skip(wire);
        });
    }

    [Fact]
    public void A_cycle_is_an_error_and_no_overflow()
    {
        var list = new Dictionary<string, byte[]>();
        Version2? chain = null;
        for (var n = 0; n < 100; n++)
            chain = new("n", n, chain, list);

        Assert.Throws<InvalidDataException>(() => Through<Version2, Version2>(chain!));
    }

    [Fact]
    public void Integers_take_few_bytes_and_come_back()
    {
        foreach (var value in new[] { 0L, 1, -1, 63, 64, -64, -65, int.MaxValue, long.MinValue, long.MaxValue })
            Assert.Equal(value, Through<long, long>(value));
        var writer = new MessageWriter();
        Codecs<long>.Instance.Write(writer, 0, -1);
        Assert.Equal(2, writer.Length);
    }

    [Theory]
    [InlineData("04")]        // a group's end, and no group
    [InlineData("07")]        // no wire type
    [InlineData("80808080808001")]
    [InlineData("8080808080808080808001")]
    [InlineData("80")]
    public void What_is_no_tag_is_refused(string bytes) => Assert.Throws<InvalidDataException>(() =>
    {
        var reader = new MessageReader(Convert.FromHexString(bytes), null);
        reader.NextField(out _, out _);
    });

    [Fact]
    public void A_field_of_another_layout_is_refused()
    {
        Assert.Throws<InvalidDataException>(() => Through<long, string>(5));
        Assert.Throws<InvalidDataException>(() => Through<string, long>("five"));
        Assert.Throws<InvalidDataException>(() => Through<string, int>("five"));
        Assert.Throws<InvalidDataException>(() => Through<long, Version2>(2));      // whose bytes would be a group's end
    }

    [Fact]
    public void A_narrower_type_refuses_what_does_not_fit() =>
        Assert.Throws<InvalidDataException>(() => Through<long, int>(1L << 40));

    [Fact]
    public void Immutable_arrays_travel_within_others() =>
        Assert.Equal([[1, 2], [], [3]], Through<ImmutableArray<int[]>, ImmutableArray<int[]>>([[1, 2], [], [3]]));

    [Fact]
    public void A_type_without_a_codec_says_what_it_lacks() =>
        Assert.Contains("[GenerateSerializer]", Assert.Throws<NotSupportedException>(() => Through<Uri, Uri>(new("http://x"))).Message, StringComparison.Ordinal);

    [Fact]
    public void An_exception_of_an_unknown_type_keeps_its_words()
    {
        var writer = new MessageWriter();
        ExceptionCodec.Write(writer, new UnreadableException(7));
        var reader = new MessageReader(writer.Written.Span, null);

        var error = ExceptionCodec.Read(ref reader);

        Assert.IsType<OrleansException>(error);
        Assert.Equal("OrleansCache.UnreadableException: Number 7.", error.Message);
    }

    [Fact]
    public void Etags_of_an_inconsistent_state_travel()
    {
        var writer = new MessageWriter();
        ExceptionCodec.Write(writer, new InconsistentStateException("Changed.", "s", "c", new TimeoutException("t")));
        var reader = new MessageReader(writer.Written.Span, null);

        var error = Assert.IsType<InconsistentStateException>(ExceptionCodec.Read(ref reader));

        Assert.Equal(("s", "c", "Changed.", "t"), (error.StoredEtag, error.CurrentEtag, error.Message, error.InnerException!.Message));
    }

    private static TTo Through<TFrom, TTo>(TFrom value)
    {
        var writer = new MessageWriter();
        Codecs<TFrom>.Instance.Write(writer, 0, value);
        var reader = new MessageReader(writer.Written.Span, null);
        reader.NextField(out _, out var wire);
        return Codecs<TTo>.Instance.Read(ref reader, wire);
    }
}
