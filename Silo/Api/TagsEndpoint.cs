namespace OrleansCache;

/// <summary><c>POST /api/v1/tags/{tag}/invalidate</c>: all entries with the tag are out of date from now on, in every silo.</summary>
internal sealed class TagsEndpoint(IRawCache cache)
{
    public const string Methods = "POST";

    public async ValueTask InvalidateAsync(HttpContext context, string tag)
    {
        try
        {
            EntryOptionRules.CheckedTag(tag);
        }
        catch (ArgumentException e)
        {
            await HttpProblem.BadRequest("bad-cache-tag", "The tag cannot be used", ErrorText.Of(e)).WriteAsync(context);
            return;
        }

        if (!DebounceText.TryRead(context.Request.Query, out var debounce, out var problem))
        {
            await problem.WriteAsync(context);
            return;
        }

        await (debounce is { } quiet ? cache.RemoveByTagAsync([tag], quiet, context.RequestAborted) : cache.RemoveByTagAsync([tag], context.RequestAborted));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
