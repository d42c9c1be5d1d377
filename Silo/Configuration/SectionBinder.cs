namespace OrleansCache;

/// <summary>Binds a section and refuses what it does not know, by path.</summary>
internal static class SectionBinder
{
    public static T Bind<T>(IConfiguration configuration, string path) where T : new()
    {
        var section = configuration.GetSection(path);
        var names = typeof(T).GetProperties().Where(property => property.CanWrite).Select(property => property.Name).ToArray();
        foreach (var child in section.GetChildren())
        {
            if (!names.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
                throw new StartRefusedException($"{child.Path} is {(child.Value is { } value ? $"'{value}'" : "a section")}, and there is no such setting; use one of {string.Join(", ", names)}.");
        }

        var options = new T();
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException e)
        {
            throw new StartRefusedException($"{e.Message.TrimEnd('.')}; give a value of that type.", e);
        }

        return options;
    }
}
