namespace OrleansCache;

/// <summary>A method after whose success cached values are invalid: those with a tag, or one method's for the same arguments.</summary>
/// <remarks>The method returns a task. Nothing is invalidated when it throws. It has returned when the invalidation is durable; if that cannot be,
/// it throws <see cref="CacheUnavailableException"/>, though its own work is done.</remarks>
/// <param name="tags">With arguments or their members in braces: <c>patient:{id}</c>, <c>order:{order.Id}</c>. One whose argument is null is left out.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class InvalidatesAttribute(params string[] tags) : Attribute
{
    /// <summary>The tags to raise.</summary>
    public IReadOnlyList<string> Tags => tags;

    /// <summary>A <c>[Cached]</c> method of the same interface, by <c>nameof</c>: its value for the arguments that both have by name is removed. This method has all of them.</summary>
    public string? Method { get; set; }
}
