namespace OrleansCache;

/// <summary>What travels, and that nobody shares it.</summary>
public sealed class TravelTests(Clusters clusters) : ConformanceTests(clusters)
{
    private static Everything Sample() => new(
        true, long.MinValue, ulong.MaxValue, Math.PI, -79228162514264337593543950335m, 'é', Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"),
        new(2026, 2, 3, 4, 5, 6, TimeSpan.FromHours(5.5)), TimeSpan.FromTicks(-1), Colour.Green, null, "text")
    {
        Numbers = [int.MinValue, -1, 0, 1, int.MaxValue],
        Shapes = new() { ["a"] = new(1, Colour.Red), ["b"] = new(2, null) },
        Words = ["x", "", "y"],
    };

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Every_kind_of_member_arrives_as_it_left(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IEchoGrain>(mode, outside);
        var sent = Sample() with { Inner = Sample() };

        var back = await grain.EverythingAsync(sent);

        Assert.Equivalent(sent, back, strict: true);
        Assert.Equal(sent.Instant.Offset, back.Instant.Offset);
        Assert.Equal(DateTimeKind.Utc, back.Time.Kind);
        Assert.NotSame(sent, back);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Empty_and_absent_collections_stay_so(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IEchoGrain>(mode, outside);

        var back = await grain.EverythingAsync(Sample() with { Numbers = [], Words = default, Maybe = 3, Text = null });

        Assert.Empty(back.Numbers);
        Assert.True(back.Words.IsDefault);
        Assert.Equal(3, back.Maybe);
        Assert.Null(back.Text);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_record_struct_travels(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IEchoGrain>(mode, outside);

        Assert.Equal(new Shape(11, Colour.Green), await grain.ShapeAsync(new(10, Colour.Green)));
        Assert.Equal(new Shape(1, null), await grain.ShapeAsync(default));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Memory_of_bytes_travels(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IEchoGrain>(mode, outside);
        ReadOnlyMemory<byte> part = new byte[] { 0, 1, 2, 3 }.AsMemory(1, 2);

        Assert.Equal(part.ToArray(), (await grain.MemoryAsync(part)).ToArray());
        Assert.Equal(0, (await grain.MemoryAsync(default)).Length);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task What_the_grain_does_to_an_argument_the_caller_does_not_see(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IEchoGrain>(mode, outside);
        var mine = new List<string> { "a" };

        var theirs = await grain.AppendAsync(mine, "b");

        Assert.Equal(["a"], mine);
        Assert.Equal(["a", "b"], theirs);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task What_the_caller_does_to_argument_and_result_the_grain_does_not_see(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IEchoGrain>(mode, outside);
        var mine = new List<string> { "a" };

        var theirs = await grain.AppendAsync(mine, "b");
        mine.Add("x");
        theirs.Add("y");

        Assert.Equal(["a", "b"], await grain.KeptAsync());
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Copies_go_all_the_way_down(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IEchoGrain>(mode, outside);
        var box = new Box { Items = ["outer"], Inner = new() { Items = ["inner"] } };

        var back = await grain.KeepBoxAsync(box);
        box.Inner.Items.Add("mine");
        back.Inner!.Items.Add("theirs");

        Assert.Equal(["inner"], (await grain.BoxAsync()).Inner!.Items);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Bytes_are_copied_too(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IEchoGrain>(mode, outside);
        byte[] sent = [1, 2, 3];

        var back = await grain.BytesAsync(sent);
        sent[0] = 9;

        Assert.Equal([1, 2, 3], back);
    }
}
