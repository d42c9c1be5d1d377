using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>The last two values of a key.</summary>
public sealed class DifferenceTests
{
    private readonly EntryHarness _entry = new(Strict with { KeepPrevious = true });

    [Fact]
    public async Task The_last_two_values_are_compared_whoever_wrote_them_and_over_a_removal()
    {
        var first = await _entry.Put("""{"n":1}""");
        Assert.Equal((first.Version, 0, true), (await DifferenceAsync()) is var one ? (one.To, one.From, one.Unknown is not null) : default);
        await _entry.Put("""{"n":2}""");
        var third = await _entry.Put("""{"n":3}""");

        var found = await DifferenceAsync();
        Assert.Equal((third.Version, null), (found.To, found.Unknown));
        Assert.NotEqual(first.Version, found.From);

        await _entry.Remove();
        var fourth = await _entry.Put("""{"n":3,"m":4}""");
        Assert.Equal((third.Version, fourth.Version), (await DifferenceAsync()) is var last ? (last.From, last.To) : default);
    }

    [Fact]
    public async Task Only_where_it_is_asked_for_is_the_value_before_the_last_one_kept()
    {
        var plain = new EntryHarness(Strict);
        await plain.Put("1");
        var bytes = plain.Memory.Bytes;
        await plain.Put("2");
        Assert.Equal(bytes, plain.Memory.Bytes);
        Assert.Contains("KeepPrevious", (await plain.Turn(static e => e.DifferenceAsync())).Unknown, StringComparison.Ordinal);

        await _entry.Put(new string('1', 1_000));
        bytes = _entry.Memory.Bytes;
        await _entry.Put(new string('2', 1_000));
        Assert.Equal(bytes + 1_000, _entry.Memory.Bytes);
    }

    [Fact]
    public async Task What_is_kept_of_a_removed_key_counts_as_memory()
    {
        await _entry.Put(new string('1', 1_000));
        var bytes = _entry.Memory.Bytes;

        await _entry.Remove();

        Assert.Equal(bytes, _entry.Memory.Bytes);
    }

    [Fact]
    public async Task A_silo_that_lost_the_key_tells_nothing()
    {
        await _entry.Put("1");
        (_entry.Ownership.IsOwner, _entry.Ownership.View) = (false, 2);

        Assert.True((await DifferenceAsync()).IsRefusal);
    }

    private Task<ValueDifference> DifferenceAsync() => _entry.Turn(static e => e.DifferenceAsync());
}
