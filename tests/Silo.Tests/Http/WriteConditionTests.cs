using static OrleansCache.Silo.Tests.EntryRequests;

namespace OrleansCache.Silo.Tests;

/// <summary>Changes of an entry under a condition.</summary>
public sealed class WriteConditionTests : IAsyncLifetime
{
    private FaceHost _face = null!;

    public async ValueTask InitializeAsync() => _face = await FaceHost.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Theory]
    [InlineData("If-Match", "\"7\"", "version 7")]
    [InlineData("If-Match", "*", "present")]
    [InlineData("If-None-Match", "*", "absent")]
    [InlineData("If-Unmodified-Since", "Thu, 01 Jan 2026 00:00:00 GMT", "version 7")]
    [InlineData("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT", "always")]
    [InlineData(null, null, "always")]
    public async Task Conditions_reach_the_owner(string? header, string? value, string expected)
    {
        WriteCondition? seen = null;
        _face.Cache.Set = (_, _, _, when) =>
        {
            seen = when;
            return new() { Status = WriteStatus.Accepted, Version = 1 };
        };
        WriteCondition? removal = null;
        _face.Cache.Remove = (_, when) =>
        {
            removal = when;
            return new() { Status = WriteStatus.Accepted };
        };
        _face.Cache.Get = _ => new(new ReadReply { Status = ReadStatus.Hit, Value = Value with { Version = 7 } });
        (string, string)[] headers = header is null ? [] : [(header, value!)];

        using var answer = await _face.PutAsync("k", "v", headers);
        using var removed = await _face.SendAsync(HttpMethod.Delete, "k", headers);

        Assert.Equal(expected switch
        {
            "present" => WriteCondition.IfPresent,
            "absent" => WriteCondition.IfAbsent,
            "always" => default,
            _ => WriteCondition.IfVersion(7),
        }, seen);
        Assert.Equal(seen, removal);
    }

    [Fact]
    public async Task A_change_of_what_was_modified_since_is_412_and_of_what_is_not_there_creates()
    {
        WriteCondition? seen = null;
        _face.Cache.Set = (_, _, _, when) =>
        {
            seen = when;
            return new() { Status = WriteStatus.Accepted, Version = 1 };
        };
        var since = ("If-Unmodified-Since", "Wed, 31 Dec 2025 23:59:59 GMT");

        using var created = await _face.PutAsync("k", "v", since);
        Assert.Equal(WriteCondition.IfAbsent, seen);
        _face.Cache.Get = _ => Hit();
        seen = null;
        using var refused = await _face.PutAsync("k", "v", since);

        Assert.Contains("\"42\"", await refused.ProblemAsync(412, "precondition-failed"), StringComparison.Ordinal);
        Assert.Null(seen);
    }

    [Fact]
    public async Task A_condition_on_what_cannot_be_read_now_is_503()
    {
        _face.Cache.Get = _ => new(new ReadReply { Status = ReadStatus.Failed, Problem = new() { Kind = ProblemKind.Unavailable, Message = "The store is away." } });

        using var tags = await _face.PutAsync("k", "v", ("If-Match", "\"41\", \"42\""));
        using var date = await _face.PutAsync("k", "v", ("If-Unmodified-Since", "Wed, 31 Dec 2025 23:59:59 GMT"));

        Assert.Equal("The store is away.", await tags.ProblemAsync(503, "unavailable"));
        await date.ProblemAsync(503, "unavailable");
    }

    [Fact]
    public async Task Of_several_tags_the_current_one_is_the_condition()
    {
        WriteCondition? seen = null;
        _face.Cache.Get = _ => Hit();
        _face.Cache.Set = (_, _, _, when) =>
        {
            seen = when;
            return new() { Status = WriteStatus.Accepted, Version = 43 };
        };

        using var held = await _face.PutAsync("k", "v", ("If-Match", "\"41\", \"42\""));
        using var failed = await _face.PutAsync("k", "v", ("If-Match", "\"40\", \"41\""));

        Assert.Equal(WriteCondition.IfVersion(42), seen);
        await failed.ProblemAsync(412, "precondition-failed");
    }

    [Fact]
    public async Task A_condition_that_does_not_hold_is_412_with_the_current_version()
    {
        _face.Cache.Set = (_, _, _, _) => new() { Status = WriteStatus.ConditionFailed, Version = 42 };
        _face.Cache.Remove = (_, _) => new() { Status = WriteStatus.ConditionFailed, Version = 42 };

        using var answer = await _face.PutAsync("k", "v", ("If-Match", "\"7\""));
        using var removal = await _face.SendAsync(HttpMethod.Delete, "k", ("If-None-Match", "*"));

        Assert.Contains("\"42\"", await answer.ProblemAsync(412, "precondition-failed"), StringComparison.Ordinal);
        await removal.ProblemAsync(412, "precondition-failed");
        Assert.Equal(("\"42\"", "\"42\""), (answer.Header("ETag"), removal.Header("ETag")));
    }

    [Theory]
    [InlineData("W/\"7\"", "weak")]
    [InlineData("\"abc\"", "no value")]
    public async Task A_tag_that_no_version_can_match_strongly_is_412_and_says_why(string tag, string why)
    {
        using var answer = await _face.PutAsync("k", "v", ("If-Match", tag));

        Assert.Contains(why, await answer.ProblemAsync(412, "precondition-failed"), StringComparison.Ordinal);
        Assert.Empty(_face.Cache.Keys);
    }

    [Fact]
    public async Task A_removal_keeps_to_its_condition_and_two_that_exclude_each_other_are_none()
    {
        using var removal = await _face.SendAsync(HttpMethod.Delete, "k", ("If-Match", "7"));
        using var both = await _face.PutAsync("k", "v", ("If-None-Match", "*"), ("If-Match", "*"));

        await removal.ProblemAsync(400, "bad-condition");
        await both.ProblemAsync(400, "bad-condition");
        Assert.Empty(_face.Cache.Keys);
    }
}
