namespace OrleansCache;

public sealed class CallTests(Clusters clusters) : ConformanceTests(clusters)
{
    [Theory, MemberData(nameof(Everywhere))]
    public async Task Every_kind_of_task_comes_back(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IEchoGrain>(mode, outside);

        await grain.NothingAsync();
        await grain.NothingValueAsync();

        Assert.Equal(5, await grain.AddAsync(2, 3));
        Assert.Equal("ä€😀", await grain.TextAsync("ä€😀"));
        Assert.Equal(14, await grain.TwiceAsync(7));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Null_goes_and_comes_as_null(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IEchoGrain>(mode, outside);

        Assert.Null(await grain.TextAsync(null));
        Assert.Equal("", await grain.TextAsync(""));
        Assert.Null(await grain.MaybeAsync(null));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Overloads_are_told_apart(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IEchoGrain>(mode, outside);

        Assert.Equal("text 1", await grain.OverloadAsync("1"));
        Assert.Equal("number 1", await grain.OverloadAsync(1));
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_grain_knows_its_key_whatever_is_in_it(Mode mode, bool outside)
    {
        foreach (var key in new[] { "plain", "a/b+c d", "ключ", "{}?&%25", new string('k', 1000) })
        {
            var grain = await GrainAsync<IEchoGrain>(mode, outside, key);

            Assert.Equal(key, grain.GetPrimaryKeyString());
            Assert.Equal(key, await grain.NameAsync());
        }
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_method_of_a_base_interface_can_be_called(Mode mode, bool outside)
    {
        INamedGrain grain = await GrainAsync<IEchoGrain>(mode, outside, "base");

        Assert.Equal("base", await grain.NameAsync());
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_reference_can_be_an_argument_and_be_called(Mode mode, bool outside)
    {
        var a = await GrainAsync<IEchoGrain>(mode, outside, "ref-a");
        var b = await GrainAsync<IEchoGrain>(mode, outside, "ref-b");

        Assert.Equal("ref-a heard hello of ref-b", await a.AskAsync(b, "hello"));
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task References_to_one_grain_are_equal(Mode mode)
    {
        var key = NewKey();
        var (one, two, other) = (await GrainAsync<IEchoGrain>(mode, key: key), await GrainAsync<IEchoGrain>(mode, key: key), await GrainAsync<IEchoGrain>(mode));

        Assert.Equal(one, two);
        Assert.Equal(one.GetHashCode(), two.GetHashCode());
        Assert.NotEqual(one, other);
    }

    [Theory, MemberData(nameof(Modes))]
    public async Task Both_sides_reach_the_same_activation_and_each_key_has_its_own(Mode mode)
    {
        var key = NewKey();
        var outside = await GrainAsync<ITurnGrain>(mode, outside: true, key);
        var inside = await GrainAsync<ITurnGrain>(mode, outside: false, key);
        var other = await GrainAsync<ITurnGrain>(mode);

        await outside.CountAsync();
        await inside.CountAsync();

        Assert.Equal(3, await outside.CountAsync());
        Assert.Equal(1, await other.CountAsync());
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_thousand_calls_at_once_are_all_answered(Mode mode, bool outside)
    {
        var grains = new List<IEchoGrain>();
        for (var n = 0; n < 10; n++)
            grains.Add(await GrainAsync<IEchoGrain>(mode, outside));

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(n => grains[n % 10].TwiceAsync(n)));

        Assert.Equal(Enumerable.Range(0, 1000).Select(n => 2 * n), answers);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Eight_mebibytes_go_and_come(Mode mode, bool outside)
    {
        var grain = await GrainAsync<IEchoGrain>(mode, outside);
        var value = new byte[8 * 1024 * 1024];
        new Random(1).NextBytes(value);

        var back = await grain.BytesAsync(value);

        Assert.True(value.AsSpan().SequenceEqual(back));
        Assert.NotSame(value, back);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_one_way_call_ends_before_the_grain_is_done_and_its_failure_is_nobodys(Mode mode, bool outside)
    {
        var grain = await GrainAsync<ITurnGrain>(mode, outside);

        await grain.NotifyAsync("wait-and-fail");
        await grain.OpenAsync();

        await UntilAsync(async () => (await grain.LogAsync()).Contains("notified wait-and-fail"), "the one-way call ran");
    }
}
