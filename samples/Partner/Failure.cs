using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;

namespace OrleansCache.Samples;

/// <summary>How calls fail.</summary>
/// <param name="Status">A status number from 400 to 599, <c>hang</c> (no answer until the client goes) or <c>reset</c> (the connection breaks).</param>
/// <param name="RetryAfter">The <c>Retry-After</c> of a status number, in seconds.</param>
/// <param name="Count">How many calls fail yet; all of them when null.</param>
internal sealed record Failure(string Status, int? RetryAfter = null, int? Count = null)
{
    public const string Hang = "hang";
    public const string Reset = "reset";

    /// <summary>How the absence of failure is shown.</summary>
    public static readonly Failure Off = new("off");

    [JsonIgnore]
    public int StatusCode => int.Parse(Status, CultureInfo.InvariantCulture);

    public static bool TryParse(IQueryCollection query, [NotNullWhen(true)] out Failure? failure, [NotNullWhen(false)] out Problem? problem)
    {
        failure = null;
        foreach (var (name, values) in query)
        {
            if (name is not ("status" or "retryAfter" or "count"))
                return Fail(new(name, values, "it is none of the arguments", ["status", "retryAfter", "count"]), out problem);
            if (values.Count > 1)
                return Fail(new(name, values, "give it once"), out problem);
        }

        string? status = query["status"];
        if (status is not (Hang or Reset) && !IsInRange(status, 400, 599, out _))
            return Fail(new("status", status, "give a status number from 400 to 599, hang or reset", ["400-599", Hang, Reset]), out problem);

        var (retryAfter, count) = (default(int?), default(int?));
        if (query.TryGetValue("retryAfter", out var seconds))
        {
            if (status is Hang or Reset)
                return Fail(new("retryAfter", seconds, $"status {status} sends no header; leave it out"), out problem);
            if (!IsInRange(seconds, 0, 86_400, out var number))
                return Fail(new("retryAfter", seconds, "give whole seconds from 0 to 86400"), out problem);
            retryAfter = number;
        }

        if (query.TryGetValue("count", out var calls))
        {
            if (!IsInRange(calls, 1, 1_000_000, out var number))
                return Fail(new("count", calls, "give a number of calls from 1 to 1000000"), out problem);
            count = number;
        }

        (failure, problem) = (new Failure(status!, retryAfter, count), null);
        return true;
    }

    private static bool IsInRange(string? text, int min, int max, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= min && number <= max;

    private static bool Fail(Problem found, out Problem problem)
    {
        problem = found;
        return false;
    }
}
