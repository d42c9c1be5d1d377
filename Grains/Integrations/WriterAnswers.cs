using System.Net;

namespace OrleansCache;

/// <summary>What a write's call gave, as its caller hears it.</summary>
internal static class WriterAnswers
{
    public const string TurnIsOver = "The key's turn to write was over, or may have been, before the call could leave; the origin was not asked.";

    /// <param name="problem">Why it is not written.</param>
    /// <param name="isInDoubt">True when the origin may have it all the same.</param>
    public static WriterAnswer Of(LoadProblem problem, bool isInDoubt) => new()
    {
        Status = WriterStatus.Ended,
        End = isInDoubt ? OriginWriteEnd.Doubtful : OriginWriteEnd.Refused,
        StatusCode = problem.StatusCode,
        Problem = problem,
    };

    /// <param name="response">A success.</param>
    /// <param name="writer">Whose.</param>
    /// <param name="arguments">Of the call.</param>
    public static WriterAnswer Of(in IntegrationResponse response, WriterPolicy writer, IReadOnlyDictionary<string, string?> arguments) => new()
    {
        Status = WriterStatus.Ended,
        End = OriginWriteEnd.Written,
        StatusCode = response.StatusCode,
        Bytes = response.Body.ToArray(),
        ContentType = response.ContentType,
        Encoding = response.Encoding,
        Location = response.Location,
        IsKept = writer is { AfterWrite: AfterWrite.Store, Reader: not null } && response.Body.Length > 0 && response.StatusCode != (int)HttpStatusCode.Accepted,
        Tags = writer.Reader is { } reader ? reader.TagsOf(arguments, response.Tags) : [],
    };
}
