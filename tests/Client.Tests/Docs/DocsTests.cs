namespace OrleansCache.Docs;

/// <summary>The documents' examples are those that stand here between <c>// docs/x.md</c> and <c>// end</c>, where they compile and run.</summary>
public sealed class DocsTests
{
    private static string Root => Folders(AppContext.BaseDirectory).First(static folder => File.Exists(Path.Combine(folder, "OrleansCache.sln")));

    public static TheoryData<string, string> Examples()
    {
        var examples = new TheoryData<string, string>();
        foreach (var file in Directory.GetFiles(Path.Combine(Root, "tests/Client.Tests/Docs"), "*Example.cs"))
        {
            var lines = File.ReadAllLines(file);
            for (var i = 0; i < lines.Length; i++)
            {
                if (!lines[i].TrimStart().StartsWith("// docs/", StringComparison.Ordinal))
                    continue;
                var (start, indent) = (i + 1, lines[i].Length - lines[i].TrimStart().Length);
                while (lines[i].Trim() != "// end")
                    i++;
                examples.Add(lines[start - 1].Trim()["// ".Length..], string.Join('\n', lines[start..i].Select(line => line.Length < indent ? line : line[indent..])));
            }
        }

        return examples;
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void A_documents_example_is_the_one_that_runs_here(string document, string example) =>
        Assert.Contains($"```csharp\n{example}\n```", File.ReadAllText(Path.Combine(Root, document)).ReplaceLineEndings("\n"), StringComparison.Ordinal);

    [Fact]
    public void The_labs_configuration_in_a_document_is_the_one_that_its_tests_run() => Assert.Contains(
        $"```json\n{File.ReadAllText(Path.Combine(Root, "samples/Lab/lab.json")).ReplaceLineEndings("\n")}```",
        File.ReadAllText(Path.Combine(Root, "docs/migration.md")).ReplaceLineEndings("\n"), StringComparison.Ordinal);

    private static IEnumerable<string> Folders(string? folder)
    {
        for (; folder is not null; folder = Path.GetDirectoryName(folder))
            yield return folder;
    }
}
