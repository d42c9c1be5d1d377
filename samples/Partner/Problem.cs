namespace OrleansCache.Samples;

/// <summary>What is wrong with one field of a request, and the way out.</summary>
internal sealed record Problem(string Field, string? Value, string Remedy, IReadOnlyList<string>? Allowed = null)
{
    public IResult ToResult()
    {
        var extensions = new Dictionary<string, object?> { ["field"] = Field, ["value"] = Value };
        if (Allowed is not null)
            extensions["allowed"] = Allowed;
        var detail = $"{Field} is {(Value is null ? "missing" : $"\"{Value}\"")}; {Remedy}.";
        return TypedResults.Problem(detail, title: "Bad Request", statusCode: StatusCodes.Status400BadRequest, extensions: extensions);
    }
}
